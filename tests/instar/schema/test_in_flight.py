import msgspec

from instar.plan import make_plan
from instar.schema.diff import diff
from instar.schema.in_flight import in_flight
from instar.schema.model import Constraint, Field, Schema, Table
from instar.schema.renames import parse_rename
from instar.schema.types import IntType, StringType

ID = Field(name="id", type=IntType())
NAME = Field(name="user_name", type=StringType(length=80))
USERS = Table(name="users", fields=(ID, NAME), constraints=(Constraint(kind="primary_key", fields=("id",)),))


def test_a_rename_is_in_flight_until_the_old_column_is_gone():
    renamed = msgspec.structs.replace(NAME, name="display_name")
    before = Schema(dialect="sqlalchemy", tables=(USERS,))
    after = Schema(dialect="sqlalchemy", tables=(msgspec.structs.replace(USERS, fields=(ID, renamed)),))
    changes = diff(before, after, (parse_rename("users.user_name=display_name"),))
    migration = make_plan(before, after, changes, backend="sqlite")
    assert [in_flight(migration, deploy.number) for deploy in migration.deploys] == [
        ("users.display_name", "users.user_name"),  # one is not declared yet, the other is nullable for now
        ("users.user_name",),
        (),
    ]
