"""The rule of INS101 against PostgreSQL's planner; `benchmarks/index_rule.py` asks a thousand triples."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "index_rule.py"


@pytest.mark.postgresql
def test_served_better_by_agrees_with_the_planner(postgresql):
    spec = importlib.util.spec_from_file_location("index_rule", BENCHMARK)
    index_rule = importlib.util.module_from_spec(spec)
    sys.modules["index_rule"] = index_rule
    spec.loader.exec_module(index_rule)
    verdicts = index_rule.measure(postgresql, seed=1, count=100)
    assert sum(v.rule and v.planner() for v in verdicts) >= 10
    assert index_rule.agreement(verdicts) >= 0.93
