"""What the reader makes of single constructs; equality with SQLAlchemy itself is in `test_reader_equality`."""

from written_models import BASE, reading


def test_every_part_knows_its_place(tmp_path):
    schema = reading(
        tmp_path,
        """\
        from sqlalchemy import Column, ForeignKey, Index, Integer, String
        from sqlalchemy.orm import declarative_base
        Base = declarative_base()

        class User(Base):
            __tablename__ = "users"
            id = Column(Integer, primary_key=True)
            größe = Column(String(5)); name = Column("user_name", String(50), index=True)
            __table_args__ = (
                Index("by_both", "größe", "user_name"),
            )
        """,
    ).schema
    (users,) = schema.tables
    assert (users.place.path, users.place.line, users.place.column) == ("app/models.py", 5, 1)
    assert (users.field("user_name").place.line, users.field("user_name").place.column) == (8, 32)
    assert users.field("user_name").attribute == "name"
    assert users.field("user_name").spelling == "sa.String(length=50)"
    assert [(index.name, index.place.line) for index in users.indexes] == [
        ("ix_users_user_name", 8),
        ("by_both", 10),
    ]


def test_newer_syntax_is_read_by_any_python(tmp_path):
    schema = reading(
        tmp_path,
        {
            "app/base.py": BASE,
            "app/models.py": """
            import typing
            from sqlalchemy.orm import Mapped, mapped_column
            from .base import Base

            type Key = typing.Annotated[int, mapped_column(primary_key=True)]

            def first[T](items: list[T], *, fallback: T | None = None) -> T:
                try:
                    return items[0]
                except IndexError, KeyError:
                    return fallback

            class Repository[T: Base]:
                pass

            class User(Base):
                __tablename__ = "users"
                id: Mapped[Key]
                name: Mapped[str | None] = mapped_column(default=f"{"a" + f"{1}"}")
            """,
        },
    ).schema
    (users,) = schema.tables
    assert not schema.unreadable
    assert users.primary_key == ("id",)
    assert users.field("name").optional


def test_type_parameters_over_several_lines_keep_the_lines_of_what_follows(tmp_path):
    schema = reading(
        tmp_path,
        {
            "app/base.py": BASE,
            "app/models.py": """\
            from sqlalchemy.orm import Mapped, mapped_column
            from .base import Base

            class Store[
                T: Base,
                K: dict[str, list[int]],
            ]:
                def first[
                    V,
                ](self, value: V) -> V: ...

            class Rows[
                T
            ](Store[T, dict]):
                pass

            class User(Base):
                __tablename__ = "users"
                größe: Mapped[int] = mapped_column(primary_key=True); name: Mapped[str]
            """,
        },
    ).schema
    (users,) = schema.tables
    assert not schema.unreadable
    assert users.place.line == 17
    assert (users.field("name").place.line, users.field("name").place.column) == (19, 59)


def test_tables_that_a_loop_makes_are_read(tmp_path):
    schema = reading(
        tmp_path,
        """
        from sqlalchemy import Column, ForeignKey, Integer, Table
        from sqlalchemy.orm import declarative_base
        Base = declarative_base()
        links = {}

        for kind in ("user", "group"):
            link = Table(f"{kind}_links", Base.metadata, Column("id", Integer, primary_key=True))
            links[kind] = link
        """,
    ).schema
    assert [table.name for table in schema.tables] == ["group_links", "user_links"]


def test_what_does_not_parse_is_unreadable_and_the_rest_goes_on(tmp_path):
    schema = reading(
        tmp_path,
        {
            "app/base.py": BASE,
            "app/old.py": 'from app.base import Base\nclass Old(Base):\n    __tablename__ = "old"\nprint "python 2"\n',
            "app/script.py": 'print "has nothing to do with it"\n',
            "app/models.py": """
            from sqlalchemy.orm import Mapped, mapped_column
            from app.base import Base
            class User(Base):
                __tablename__ = "users"
                id: Mapped[int] = mapped_column(primary_key=True)
            """,
        },
    ).schema
    assert [table.name for table in schema.tables] == ["users"]
    assert [(part.path, part.line) for part in schema.unreadable] == [("app/old.py", 4)]


def test_what_cannot_be_known_is_opaque_with_its_place(tmp_path):
    schema = reading(
        tmp_path,
        {
            "app/base.py": BASE,
            "app/models.py": """
            import settings_of_another_library as settings
            from sqlalchemy.orm import Mapped, mapped_column
            from app.base import Base
            from app.nowhere import Mixin, Kind

            class User(Mixin, Base):
                __tablename__ = "users"
                id: Mapped[int] = mapped_column(primary_key=True)
                kind: Mapped[Kind]
                flag: Mapped[bool] = settings.column_for_flags()

            class Named(Base):
                __tablename__ = settings.PREFIX + "named"
                id: Mapped[int] = mapped_column(primary_key=True)
            """,
        },
    ).schema
    (users,) = schema.tables
    assert users.open
    assert {(part.field, part.place.line) for part in users.opaque} == {(None, 7), ("kind", 10), ("flag", 11)}
    assert [part.place.line for part in schema.opaque] == [13]


def test_migrations_and_tests_define_no_models(tmp_path):
    model = """
    from sqlalchemy import Column, Integer
    from sqlalchemy.orm import declarative_base
    Base = declarative_base()
    class User(Base):
        __tablename__ = "{name}"
        id = Column(Integer, primary_key=True)
    """
    files = {
        "app/models.py": model.replace("{name}", "users"),
        "tests/test_users.py": model.replace("{name}", "from_a_test"),
        "db/env.py": "",
        "db/script.py.mako": "",
        "db/versions/1_first.py": model.replace("{name}", "from_a_revision"),
        "migrations/versions/2_second.py": model.replace("{name}", "from_another"),
    }
    revision = 'down_revision = "1"\n\ndef upgrade():\n    pass\n'
    files["app/changes/3_third.py"] = model.replace("{name}", "by_its_text") + revision
    assert [table.name for table in reading(tmp_path, files).schema.tables] == ["users"]
    only_tests = {path: text for path, text in files.items() if not path.startswith("app")}
    assert [table.name for table in reading(tmp_path, only_tests).schema.tables] == ["from_a_test"]


def test_a_frozen_copy_beside_migrations_does_not_count_against_the_model(tmp_path):
    def declared(*columns):
        lines = "".join(f"    {name} = Column(Integer)\n" for name in ("more", *columns))
        return f"""
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
{lines}"""

    old = (
        declared("gone")
        + "class Other(Base):\n    __tablename__ = 'others'\n    id = Column(Integer, primary_key=True)\n"
    )
    files = {"app/db/migration/models/frozen.py": old, "app/models.py": declared("new")}
    tables = {table.name: table for table in reading(tmp_path, files).schema.tables}
    assert [field.name for field in tables["users"].fields] == ["id", "more", "new"]


def test_models_beside_an_alembic_environment_are_models(tmp_path):
    model = """
    from sqlalchemy import Column, Integer
    from sqlalchemy.orm import declarative_base
    class User(declarative_base()):
        __tablename__ = "users"
        id = Column(Integer, primary_key=True)
    """
    files = {"app/db/env.py": "", "app/db/script.py.mako": "", "app/db/models.py": model}
    assert [table.name for table in reading(tmp_path, files).schema.tables] == ["users"]


def test_of_two_applications_in_one_repository_neither_hides_what_the_other_adds(tmp_path):
    from instar.schema.diff import diff

    def application(folder, *columns):
        lines = [f"    {name} = Column(Integer)" for name in columns]
        text = """
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
class User(declarative_base()):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
        names = ("alembic/env.py", "alembic/script.py.mako")
        return {f"{folder}/{name}": "" for name in names} | {f"{folder}/models.py": text + "\n".join(lines)}

    shop = application("shop", "name", "mail")
    before = reading(tmp_path, shop | application("stock", "code")).schema
    after = reading(tmp_path, shop | application("stock", "code", "place")).schema
    assert [(one.kind, one.field) for one in diff(before, after)] == [("add_field", "place")]


def test_a_model_that_moves_to_another_file_is_the_same_table(tmp_path):
    text = """
    from sqlalchemy import Column, Integer
    from sqlalchemy.orm import declarative_base
    Base = declarative_base()
    class User(Base):
        __tablename__ = "users"
        id = Column(Integer, primary_key=True)
    """
    from instar.schema.diff import diff

    before = reading(tmp_path, {"app/models.py": text}).schema
    after = reading(tmp_path, {"src/app/accounts/models/user.py": text, "app/models.py": "Column = 1"}).schema
    assert diff(before, after) == ()


def test_models_know_relationships_on_both_sides(tmp_path):
    models = reading(
        tmp_path,
        {
            "app/base.py": BASE,
            "app/models.py": """
            from __future__ import annotations
            from sqlalchemy import Column, ForeignKey, Table
            from sqlalchemy.ext.hybrid import hybrid_property
            from sqlalchemy.orm import Mapped, backref, column_property, deferred, mapped_column, relationship, synonym
            from app.base import Base

            tags = Table("post_tags", Base.metadata, Column("post_id", ForeignKey("posts.id")))

            class User(Base):
                __tablename__ = "users"
                id: Mapped[int] = mapped_column(primary_key=True)
                mail: Mapped[str] = mapped_column("email_address")
                bio: Mapped[str] = deferred(mapped_column())
                address = synonym("mail")
                posts: Mapped[list[Post]] = relationship(back_populates="author")

                @hybrid_property
                def shout(self): return self.mail

                @property
                def plain(self): return 1

            class Post(Base):
                __tablename__ = "posts"
                id: Mapped[int] = mapped_column(primary_key=True)
                author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
                author: Mapped["User"] = relationship(back_populates="posts")
                editor = relationship("User", backref=backref("edited", lazy="dynamic"))

            class Draft(Post):
                pass
            """,
        },
    ).models
    user = models.get("app.models.User")
    shown = {a.name: (a.kind, a.column, a.target, a.many) for a in user.attributes}
    assert shown == {
        "id": ("column", "id", None, False),
        "mail": ("column", "email_address", None, False),
        "bio": ("column", "bio", None, False),
        "address": ("synonym", "email_address", None, False),
        "posts": ("relationship", None, "app.models.Post", True),
        "edited": ("relationship", None, "app.models.Post", True),
        "shout": ("hybrid", None, None, False),
        "plain": ("property", None, None, False),
    }
    assert user.attribute("bio").deferred
    assert user.attribute("edited").dynamic
    assert models.get("app.models.Post").attribute("author").many is False
    assert {each.name for each in models.of_table("posts")} == {"Post", "Draft"}
    assert models.get("app.models.Draft").polymorphic
    assert models.core_table("app.models.tags").table == "post_tags"
    assert [each.name for each in models.subclasses("app.models.Post")] == ["Draft"]
    assert models.get("app.base.Base").abstract
