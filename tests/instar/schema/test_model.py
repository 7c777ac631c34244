from instar.schema.model import Constraint, Field, Opaque, Table
from instar.schema.types import IntType, StringType

USERS = Table(
    name="users",
    fields=(
        Field(name="id", type=IntType()),
        Field(name="mail", attribute="email", type=StringType(length=50)),
    ),
    constraints=(Constraint(kind="primary_key", fields=("id",)),),
)


def test_a_field_is_found_by_its_stored_name_and_by_its_name_in_code():
    assert USERS.field("mail") is USERS.attribute("email")
    assert USERS.field("email") is None
    assert USERS.attribute("id") is USERS.field("id")


def test_the_primary_key_is_named_in_order():
    assert USERS.primary_key == ("id",)
    assert Table(name="t").primary_key == ()


def test_a_table_is_open_only_when_an_opaque_part_may_hide_fields():
    known = Opaque(reason="type from a call", field="mail")
    hidden = Opaque(reason="base class not found")
    assert not Table(name="t", opaque=(known,)).open
    assert Table(name="t", opaque=(known, hidden)).open


def test_the_spelling_of_a_type_does_not_make_types_differ():
    assert StringType(length=50) == StringType(length=50)
    assert StringType(length=50) != StringType(text=True)
