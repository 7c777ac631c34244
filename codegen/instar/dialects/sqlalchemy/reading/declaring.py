"""Whether a file can declare tables, told from its bytes alone."""

from __future__ import annotations

_LIBRARIES = (b"sqlalchemy", b"SQLAlchemy", b"sqlmodel", b"SQLModel", b"db.", b"sa.", b"Base", b"Model")
_DECLARATIONS = (
    b"__tablename__", b"__table__ ", b"__table_args__", b"Mapped[", b"mapped_column(", b"Column(", b"Table(", b"declarative_base",
    b"DeclarativeBase", b".Model)", b".Model,", b"(Model", b"table=True", b"table = True", b" Index(", b"\nIndex(", b".Index(",
    b"mapper(", b"map_imperatively", b"as_declarative", b"SQLAlchemyBase",
)  # fmt: skip


_UPGRADE = (b"\ndef upgrade(", b"\nasync def upgrade(")
_REVISION = (b"down_revision", b"migrate_engine")


def declares(data: bytes) -> bool:
    """Whether a file's text has words that a declaration cannot do without; quick, and rather too often than not.

    A revision of Alembic or sqlalchemy-migrate declares nothing, wherever it stands.
    """
    return (
        any(word in data for word in _LIBRARIES)
        and any(word in data for word in _DECLARATIONS)
        and not (any(word in data for word in _UPGRADE) and any(word in data for word in _REVISION))
    )
