"""What is recorded of the places where the application runs, and what must be true there before the next step."""

from instar.environments.evidence import Evidence, UnresolvedUse
from instar.environments.gates import Missing, gates, leaving
from instar.environments.standing import Standing, standing
from instar.environments.state import (
    BackfillState,
    EnvironmentState,
    decode_state,
    encode_state,
    read_states,
    state_path,
)

__all__ = [
    "BackfillState",
    "EnvironmentState",
    "Evidence",
    "Missing",
    "Standing",
    "UnresolvedUse",
    "decode_state",
    "encode_state",
    "gates",
    "leaving",
    "read_states",
    "standing",
    "state_path",
]
