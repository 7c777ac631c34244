"""A database made from models is in step with them, on every backend; what was changed behind their back is found."""

import datetime as dt
import enum
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from instar.dialects.sqlalchemy.alignment import align
from instar.dialects.sqlalchemy.description import describe
from instar.dialects.sqlalchemy.engine import resolve_url
from instar.dialects.sqlalchemy.inspect import inspect_url
from instar.dialects.sqlalchemy.metadata import schema_of
from instar.schema.diff import diff


class Color(enum.Enum):
    red = 1
    green = 2


CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def everything(backend: str, *, convention: bool) -> sa.MetaData:
    """Models with every type, default, index and constraint that the backend can hold."""
    metadata = sa.MetaData(naming_convention=CONVENTION if convention else None)
    keyed = {"mysql_length": None} if backend == "mariadb" else {}
    sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(120), unique=True, nullable=False),
        sa.Column("name", sa.Unicode(50), index=True),
        sa.Column("bio", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("hidden", sa.Boolean, server_default=sa.text("false")),
        sa.Column("public_id", sa.Uuid, default=uuid.uuid4),
        sa.Column("settings", sa.JSON),
        sa.Column("balance", sa.Numeric(10, 2), server_default="0"),
        sa.Column("precise", sa.Numeric),
        sa.Column("ratio", sa.Float),
        sa.Column("ratio64", sa.Double),
        sa.Column("born", sa.Date),
        sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.Column("made", sa.DateTime, default=dt.datetime.now),
        sa.Column("alarm", sa.Time),
        sa.Column("pause", sa.Interval),
        sa.Column("photo", sa.LargeBinary),
        sa.Column("color", sa.Enum(Color), server_default="red"),
        sa.Column("size", sa.Enum("s", "m", "xl", name="size", native_enum=False)),
        sa.Column(
            "long", sa.Enum("a", "b", name="long", native_enum=False, length=30, create_constraint=True)
        ),
        sa.Column("big", sa.BigInteger, server_default=sa.text("7")),
        sa.Column("small", sa.SmallInteger),
        sa.Column("pickled", sa.PickleType),
        sa.Column("kind", sa.String(10), server_default="it's"),
        sa.CheckConstraint("balance >= 0", name="positive"),
        sa.UniqueConstraint("name", "kind"),
    )
    sa.Table(
        "posts",
        metadata,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("author_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("editor_id", sa.ForeignKey("users.id"), index=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime),
        sa.Column("twice", sa.Integer, sa.Computed("id * 2"))
        if backend != "sqlite"
        else sa.Column("twice", sa.Integer),
        sa.Index("by_status", "status", "at"),
        sa.Index("uq_status_editor", "status", "editor_id", unique=True),
        sa.Index("by_newest", "status", sa.desc("at")),
        **{key: value for key, value in keyed.items() if value},
    )
    sa.Table(
        "post_tags",
        metadata,
        sa.Column("post_id", sa.ForeignKey("posts.id"), primary_key=True),
        sa.Column("tag", sa.String(30), primary_key=True),
    )
    if backend == "postgresql":
        _postgresql(metadata)
    if backend in {"postgresql", "sqlite"}:
        users = metadata.tables["users"]
        sa.Index("by_lower_email", sa.func.lower(users.c.email))
        condition = users.c.active.is_(True)
        sa.Index("only_active", users.c.name, postgresql_where=condition, sqlite_where=condition)
    if backend == "mariadb":
        sa.Table(
            "native",
            metadata,
            sa.Column("id", mysql.INTEGER(unsigned=True), primary_key=True),
            sa.Column("text", mysql.LONGTEXT),
            sa.Column("flag", mysql.TINYINT(1)),
            sa.Column("body", sa.Text),
            sa.Index("body_search", "body", mysql_prefix="FULLTEXT"),
        )
    return metadata


def _postgresql(metadata: sa.MetaData) -> None:
    table = sa.Table(
        "native",
        metadata,
        sa.Column("id", postgresql.UUID, primary_key=True, server_default=sa.text("gen_random_uuid()")),
        sa.Column("number", sa.Integer, sa.Identity()),
        sa.Column("tags", postgresql.ARRAY(sa.String(20))),
        sa.Column("data", postgresql.JSONB, server_default=sa.text("'{}'::jsonb")),
        sa.Column("address", postgresql.INET),
        sa.Column("words", postgresql.TSVECTOR),
        sa.Column("state", postgresql.ENUM("on", "off", name="state"), server_default="on"),
        sa.Column("utc", sa.DateTime, server_default=sa.text("(now() at time zone 'utc')")),
        sa.CheckConstraint("number in (1, 2, 3)", name="few"),
        schema="other",
    )
    sa.Index("by_words", table.c.words, postgresql_using="gin")
    sa.Index("covering", table.c.number, postgresql_include=["utc"])


@pytest.fixture(params=[True, False], ids=["convention", "plain"])
def made(request, database):
    """Models, and a database that `create_all` made of them."""
    backend = database.partition(":")[0].partition("+")[0]
    metadata = everything(backend, convention=request.param)
    engine = sa.create_engine(resolve_url(database, "it"))
    with engine.begin() as connection:
        if backend == "postgresql":
            connection.execute(sa.text("create schema other"))
        metadata.create_all(connection)
    yield metadata, database, engine
    engine.dispose()


def said(before, after):
    return [
        (one.kind, one.table, getattr(one.after or one.before, "name", None)) for one in diff(before, after)
    ]


def test_a_new_database_is_in_step_in_both_directions(made):
    metadata, url, _ = made
    declared = schema_of(describe(metadata))
    live = align(inspect_url(url), declared)
    assert said(live, declared) == []
    assert said(declared, live) == []


DRIFT = {
    "alter table posts add extra integer": ("drop_field", "posts", "extra"),
    "drop index by_status on posts": ("add_index", "posts", "by_status"),
    "create index hand_made on posts (at)": ("drop_index", "posts", "hand_made"),
    "create table forgotten (id integer)": ("drop_table", "forgotten", "forgotten"),
}


@pytest.mark.parametrize("statement", DRIFT)
def test_what_was_changed_by_hand_is_found(database, statement):
    backend = database.partition(":")[0].partition("+")[0]
    metadata = sa.MetaData()
    sa.Table(
        "posts",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("status", sa.String(10)),
        sa.Column("at", sa.Integer),
        sa.Index("by_status", "status"),
    )
    engine = sa.create_engine(resolve_url(database, "it"))
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(
            sa.text(
                statement
                if backend == "mariadb"
                else statement.replace(" on posts", "", "drop index" in statement)
            )
        )
    engine.dispose()
    declared = schema_of(describe(metadata))
    assert said(align(inspect_url(database), declared), declared) == [DRIFT[statement]]


TYPES = [
    (sa.String(20), "varchar(30)", True),
    (sa.String(20), "varchar(20)", False),
    (sa.Integer(), "varchar(20)", True),
    (sa.Numeric(10, 2), "numeric(12, 2)", True),
    (sa.DateTime(), "date", True),
    (sa.Boolean(), "varchar(5)", True),
    (sa.Enum("a", "b", name="ab", native_enum=False), "varchar(1)", False),
]


@pytest.mark.parametrize(("declared", "stored", "differs"), TYPES, ids=str)
def test_a_column_of_another_type_is_found(database, declared, stored, differs):
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", declared))
    engine = sa.create_engine(resolve_url(database, "it"))
    with engine.begin() as connection:
        connection.execute(sa.text(f"create table t (id integer not null primary key, x {stored})"))
    engine.dispose()
    models = schema_of(describe(metadata))
    assert said(align(inspect_url(database), models), models) == [("change_type", "t", "x")] * differs


@pytest.mark.postgresql
def test_an_invalid_index_of_postgresql_is_not_deployed(postgresql):
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.Integer),
        sa.Index("ix", "x"),
    )
    engine = sa.create_engine(resolve_url(postgresql, "it"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        metadata.create_all(connection)
        connection.execute(sa.text("drop index ix"))
        connection.execute(sa.text("insert into t values (1, 1), (2, 1)"))
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.text("create unique index concurrently ix on t (x)"))
    engine.dispose()
    live = inspect_url(postgresql)
    assert [(index.name, index.valid) for index in live.tables[0].indexes] == [("ix", False)]
    models = schema_of(describe(metadata))
    assert said(align(live, models), models) == [("change_index", "t", "ix")]


def test_tables_of_alembic_and_instar_are_left_out(database):
    engine = sa.create_engine(resolve_url(database, "it"))
    with engine.begin() as connection:
        for name in ("alembic_version", "instar_migrations", "instar_partitions", "users"):
            connection.execute(sa.text(f"create table {name} (id integer)"))
    engine.dispose()
    assert [table.name for table in inspect_url(database).tables] == ["users"]


@pytest.mark.postgresql
def test_a_partitioned_table_is_one_table(postgresql):
    engine = sa.create_engine(resolve_url(postgresql, "it"))
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table events (id integer not null, day date not null) partition by range (day)")
        )
        connection.execute(
            sa.text(
                "create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01')"
            )
        )
    engine.dispose()
    assert [table.name for table in inspect_url(postgresql).tables] == ["events"]
