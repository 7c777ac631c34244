"""The words of SQLAlchemy and of the libraries around it: what a symbol means, wherever it was imported from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.values import Applied, Generic, Member, Symbol, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = frozenset({"Column", "mapped_column", "MappedColumn"})
RELATIONSHIPS = frozenset(
    {"relationship", "relation", "dynamic_loader", "Relationship", "RelationshipProperty"}
)
PROPERTIES = frozenset({
    "column_property", "deferred", "synonym", "composite", "association_proxy", "query_expression", "AssociationProxy",
})  # fmt: skip
CONSTRAINTS = frozenset({
    "UniqueConstraint", "CheckConstraint", "ForeignKeyConstraint", "PrimaryKeyConstraint", "ExcludeConstraint",
})  # fmt: skip
ARGUMENTS = CONSTRAINTS | {"Index"}
"""What stands beside columns in a table's arguments."""
MAPPED = frozenset({"Mapped", "DynamicMapped", "WriteOnlyMapped", "AsyncMapped", "MappedColumn"})
DECLARATIVE = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "DeclarativeMeta"})
FACTORIES = frozenset({
    "declarative_base", "generate_base", "automap_base", "as_declarative", "as_declarative_base", "make_declarative_base",
})  # fmt: skip
ENUMS = frozenset(
    {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "LowercaseStrEnum", "AutoEnum"}
)
PLAIN_BASES = frozenset({
    "MappedAsDataclass", "AsyncAttrs", "DeferredReflection", "AbstractConcreteBase", "ConcreteBase", "Generic",
    "Protocol", "ABC", "object", "BaseModel", "SerializerMixin", "UserMixin", "RoleMixin", "AnonymousUserMixin",
    "NamedTuple", "TypedDict", "BaseQuery", "ABCMeta", "DataClassJsonMixin", "CommonTableAttributes", "ImportExportMixin",
    "ImportMixin", "LoggingMixin", "BasicAttributes",
})  # fmt: skip
"""Bases that bring no columns."""

PLAIN_LIBRARIES = frozenset({
    "builtins", "typing", "typing_extensions", "enum", "abc", "collections", "dataclasses", "flask", "flask_login", "starlette",
    "werkzeug", "pydantic", "marshmallow", "attr", "attrs",
})  # fmt: skip
"""Libraries whose classes know nothing of SQLAlchemy."""

_GENERAL = frozenset(
    {
        "Table",
        "Index",
        "ForeignKey",
        "MetaData",
        "registry",
        "Identity",
        "Sequence",
        "Computed",
        "FetchedValue",
    }
)
_DISTINCTIVE = COLUMNS | RELATIONSHIPS | PROPERTIES | CONSTRAINTS | DECLARATIVE | (FACTORIES - {"make_declarative_base"}) | {
    "ForeignKey", "backref", "hybrid_property",
}  # fmt: skip
_TYPES = frozenset({
    "String", "Text", "Unicode", "UnicodeText", "Integer", "BigInteger", "SmallInteger", "Float", "Double", "Numeric",
    "Boolean", "Date", "DateTime", "Time", "Interval", "LargeBinary", "PickleType", "Enum", "JSON", "ARRAY", "Uuid", "UUID",
    "VARCHAR", "CHAR", "TEXT", "INTEGER", "BIGINT", "SMALLINT", "TIMESTAMP", "DATETIME", "DATE", "TIME", "NUMERIC",
    "DECIMAL", "FLOAT", "REAL", "BOOLEAN", "BLOB", "BINARY", "VARBINARY", "TypeDecorator",
})  # fmt: skip
_WORDS = frozenset(
    {
        "func",
        "text",
        "sql",
        "orm",
        "and_",
        "or_",
        "not_",
        "desc",
        "asc",
        "cast",
        "case",
        "column",
        "literal",
        "literal_column",
        "collate",
        "null",
        "true",
        "false",
        "extract",
        "nulls_first",
        "nulls_last",
        "nullsfirst",
        "nullslast",
        "DefaultClause",
        "TypeDecorator",
        "DDL",
        "types",
        "event",
        "inspect",
        "Mapped",
    }
)
_LIBRARIES = frozenset(
    {"sqlmodel", "gino", "geoalchemy2", "pgvector", "alembic_utils", "flask_appbuilder", "sqla_wrapper"}
)


class Vocabulary:
    """What symbols mean. Without state; a project holds one so that it can be asked everywhere."""

    def meaning(self, value: Value) -> str:
        """The plain name of something of SQLAlchemy, and of a class of the project that extends it; else nothing."""
        if isinstance(value, Applied):
            return ""
        if isinstance(value, ClassValue):
            return next((found for base in value.foreign if (found := self.meaning(base))), "")
        if isinstance(value, Generic):
            return self.meaning(value.origin)
        if isinstance(value, Member):
            return value.name if value.name in _DISTINCTIVE | FACTORIES else ""
        if isinstance(value, Symbol):
            return value.name if self.is_ours(value.path) or value.name in _DISTINCTIVE else ""
        return ""

    def is_ours(self, path: str) -> bool:
        """Whether a dotted path belongs to SQLAlchemy or a library around it."""
        parts = path.split(".")
        return "alchemy" in parts[0] or parts[0] in _LIBRARIES or parts[-2:-1] in (["db"], ["sa"], ["orm"])

    def distinctive(self, name: str) -> bool:
        """Whether a name says SQLAlchemy whatever it hangs on: `db.Column`."""
        return name in _DISTINCTIVE or name in {
            "Model",
            "Integer",
            "String",
            "DateTime",
            "Boolean",
            "Text",
            "Table",
        }

    def exports(self, module: str, name: str) -> bool:
        """Whether `from module import *` of a library gives the name."""
        if not self.is_ours(f"{module}.{name}"):
            return module == "typing" and name in {
                "Optional",
                "Union",
                "List",
                "Annotated",
                "Any",
                "Dict",
                "TYPE_CHECKING",
            }
        return name in _DISTINCTIVE | _GENERAL | _TYPES | _WORDS or name.isupper()

    def calls(self, value: Value, names: Iterable[str]) -> bool:
        """Whether a value is a call of one of these."""
        return isinstance(value, Applied) and self.meaning(value.callee) in names

    def maps(self, value: Applied) -> bool:
        """Whether a call gives a mapped attribute."""
        found = self.meaning(value.callee)
        return found in COLUMNS or found in RELATIONSHIPS or found in PROPERTIES or found == "Field"

    def is_flask(self, value: Value) -> bool:
        """Whether a value is the `SQLAlchemy()` object of Flask-SQLAlchemy, or of a library that follows it."""
        if not isinstance(value, Applied):
            return False
        if isinstance(value.callee, ClassValue):
            return any(
                isinstance(base, Symbol) and base.name == "SQLAlchemy" for base in value.callee.foreign
            )
        return isinstance(value.callee, Symbol) and value.callee.name in {"SQLAlchemy", "SQLA", "Gino"}
