"""Generated models: the static reading equals what SQLAlchemy makes of them, and survives its own snapshot."""

import sys
import types

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instar.config import Config
from instar.dialects.sqlalchemy.description import describe
from instar.dialects.sqlalchemy.metadata import schema_of
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.schema.snapshot import decode, encode
from instar.sources import OverlaySource
from readings import constraints, fields, indexes

HEAD = """
import datetime, decimal, enum, uuid
from typing import Annotated, Optional
import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, deferred, mapped_column

class Kind(enum.Enum):
    ONE = "one"
    TWO = "two"

short = Annotated[str, mapped_column(sa.String(30))]
SIZE = 7

def made(*arguments, **options):
    options.setdefault("nullable", False)
    return Column(*arguments, **options)

class Needed(Column):
    inherit_cache = True

    def __init__(self, *arguments, **options):
        if options.get("nullable") is None:
            options["nullable"] = SIZE < 3
        super().__init__(*arguments, **options)
"""
LATER = [
    "links = sa.Table('links', Base.metadata, Column('a', ForeignKey('t0.id'), primary_key=True), Column('b', sa.String(3), index=True))",
    "Index('late', T0.id.desc())",
    "T0.added = Column(sa.String(SIZE), unique=True)",
    "setattr(T0, 'set', Column('set_on', sa.Integer, server_default=text('3')))",
    "T0.__table__.append_column(Column('appended', sa.Integer, nullable=False))",
    "class Sub(T0):\n    extra = Column('extra_col', sa.Integer)",
    "for word in ['one', 'two']:\n    setattr(T0, word, Column(sa.Boolean))",
    "def of(owner):\n    class Made(Base):\n        __tablename__ = owner + '_made'\n        id = Column(ForeignKey(owner + '.id'), primary_key=True)\n    return Made\nMade = of('t0')",
]
"""Statements after the classes."""
NAMES = ["alpha", "beta", "gamma", "delta", "omega", "Größe", "class_", "from_"]
TYPES = ["sa.Integer", "sa.String(SIZE * 2)", "sa.Text()", "sa.Boolean", "sa.Numeric(10, 2)", "sa.DateTime(timezone=True)", "sa.Enum(Kind)",
         "sa.Enum('a', \"b'c\", name='letters')", "sa.LargeBinary(9)", "sa.JSON()", "sa.Uuid", "sa.Interval", "sa.BigInteger()"]  # fmt: skip
PYTHON = [
    "int",
    "str",
    "bool",
    "datetime.datetime",
    "decimal.Decimal",
    "uuid.UUID",
    "bytes",
    "Kind",
    "short",
    "datetime.date",
]
OPTIONS = {
    "nullable": ["True", "False"],
    "index": ["True", "False"],
    "unique": ["True"],
    "default": ["1", "'x'", "lambda: 3", "None", "Kind.ONE", "uuid.uuid4"],
    "server_default": ["'it\\'s'", "text('7')", "func.now()", "sa.true()", "None"],
    "comment": ["'said'"],
    "onupdate": ["func.now()"],
}


@st.composite
def options(draw):
    chosen = draw(st.lists(st.sampled_from(sorted(OPTIONS)), unique=True, max_size=3))
    return "".join(f", {name}={draw(st.sampled_from(OPTIONS[name]))}" for name in chosen)


@st.composite
def columns(draw, name):
    given_options = draw(options())
    stored = draw(st.sampled_from(["", f'"{name}_stored", ']))
    style = draw(st.sampled_from(["legacy", "typed", "bare", "modern", "deferred", "made", "needed"]))
    kind = draw(st.sampled_from(TYPES))
    python = draw(st.sampled_from(PYTHON))
    wrapped = draw(st.sampled_from(["{}", "Optional[{}]", "{} | None"])).format(python)
    match style:
        case "legacy":
            return f"{name} = Column({stored}{kind}{given_options})"
        case "made":
            return f"{name} = made({stored}{kind}{given_options})"
        case "needed":
            return f"{name} = Needed({stored}{kind}{given_options})"
        case "bare":
            return f"{name}: Mapped[{wrapped}]"
        case "modern":
            return f"{name}: Mapped[{wrapped}] = mapped_column({(stored + given_options.removeprefix(', ')).removesuffix(', ')})"
        case "deferred":
            return f"{name} = deferred(Column({stored}{kind}{given_options}))"
        case _:
            return f"{name}: Mapped[{wrapped}] = mapped_column({stored}{kind}{given_options})"


@st.composite
def bodies(draw, *, key=True):
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=5))
    lines = [draw(columns(name)) for name in names]
    if key:
        lines.insert(
            0,
            draw(
                st.sampled_from(
                    [
                        "id = Column(sa.Integer, primary_key=True)",
                        "id: Mapped[int] = mapped_column(primary_key=True)",
                    ]
                )
            ),
        )
    return names, lines


@st.composite
def models(draw):
    convention = draw(
        st.sampled_from(
            [
                "",
                "\n    metadata = sa.MetaData(naming_convention={'ix': 'i_%(table_name)s_%(column_0_N_name)s', 'uq': 'u_%(column_0_label)s', 'pk': 'p_%(table_name)s', 'fk': 'f_%(column_0_name)s_%(referred_table_name)s'})",
            ]
        )
    )
    text = [HEAD, f"class Base(DeclarativeBase):\n    pass{convention}\n"]
    _, mixin = draw(bodies(key=False))
    text.append(
        "class Mixin:\n    "
        + "\n    ".join(line for line in mixin)
        + "\n    @declared_attr\n    def made(cls): return Column(sa.String(len(cls.__name__)))\n"
    )
    for number in range(draw(st.integers(1, 3))):
        names, lines = draw(bodies())
        bases = draw(st.sampled_from(["Base", "Mixin, Base"]))
        name = draw(
            st.sampled_from(
                [f'"t{number}"', f'"t" + str({number})', f"f'{{'t'}}{number}'", f'"t%d" % {number}']
            )
        )
        lines.insert(0, f"__tablename__ = {name}")
        if number:
            lines.append(
                draw(
                    st.sampled_from(
                        [
                            "parent_id = Column(ForeignKey('t0.id'))",
                            "parent: Mapped[Optional[int]] = mapped_column(ForeignKey(T0.id, ondelete='CASCADE'))",
                        ]
                    )
                )
            )
        extra = draw(
            st.sampled_from(
                [
                    "",
                    "Index('by_{n}_{t}', '{n}'),",
                    "Index(None, {a}.desc()),",
                    "Index('low_{t}', func.lower({a})),",
                    "Index('part_{t}', '{n}', postgresql_where={a} == 1),",
                    "sa.ForeignKeyConstraint(['id'], ['t0.id'], name='to_first_{t}'),",
                    "UniqueConstraint('{n}'),",
                    "sa.CheckConstraint('1 > 0', name='c'),",
                ]
            )
        )
        first = next(
            (
                line.split(" = ")[0]
                for line in lines
                if " = Column(sa." in line and '_stored"' not in line and line.startswith(tuple(names))
            ),
            None,
        )
        if extra and first:
            lines.append(f"__table_args__ = ({extra.format(n=first, a=first, t=number)})")
        text.append(f"class T{number}({bases}):\n    " + "\n    ".join(lines) + "\n")
    text += draw(st.lists(st.sampled_from(LATER), unique=True, max_size=2))
    return "\n".join(text)


def imported(text):
    module = types.ModuleType("generated_models")
    sys.modules["generated_models"] = module
    try:
        exec(compile(text, "generated_models", "exec"), module.__dict__)
        return schema_of(describe(module.Base.metadata, module.Base.registry.mappers))
    finally:
        del sys.modules["generated_models"]


def check(text):
    """Whether SQLAlchemy accepts the models; where it does, the static reading equals what it makes of them."""
    schema = read_models(
        OverlaySource(_Empty(), {"app/models.py": text.encode()}), Config(), Cache(None)
    ).schema
    assert decode(encode(schema), "snapshot.json") == schema
    try:
        exact = imported(text)
    except Exception:  # noqa: BLE001 - SQLAlchemy refuses it in one of its ways; reading it did no harm
        return False
    read = {table.name: table for table in schema.tables}
    assert read.keys() == {table.name for table in exact.tables}
    for table in exact.tables:
        assert fields(read[table.name]) == fields(table)
        assert indexes(read[table.name]) == indexes(table)
        assert constraints(read[table.name]) == constraints(table)
    return True


class _Empty:
    label = "nothing"

    def files(self, suffixes):
        return ()

    def read(self, path):
        return None

    def read_many(self, paths):
        return {}


ACCEPTED = 0.4
"""The least share of generated models that SQLAlchemy must accept, so that the comparison is of something."""


def check_many(count):
    accepted = []

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    @given(models())
    def check_each(text):
        accepted.append(check(text))

    check_each()
    assert len(accepted) >= count
    assert sum(accepted) >= ACCEPTED * len(accepted)


def test_generated_models_are_read_as_sqlalchemy_maps_them():
    check_many(200)


@pytest.mark.soak
def test_ten_thousand_generated_models():
    check_many(10_000)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.integers(0, 10_000), st.text("()[]{}:=,.\n\"'#@ abc\0", max_size=6))
def test_broken_models_are_never_a_crash(text, position, noise):
    at = position % len(text)
    broken = text[:at] + noise + text[at:]
    read_models(OverlaySource(_Empty(), {"app/models.py": broken.encode()}), Config(), Cache(None))
