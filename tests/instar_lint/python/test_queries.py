"""The queries that the coverage of an index is asked about, in the forms that teams write."""

import msgspec
import pytest

from instar.schema.model import Constraint
from instar_lint.facts import FieldUse, Query
from instar_lint.python import Watch
from python_frontend import SCHEMA, facts, knowledge

POSTS = Watch(tables=frozenset({(None, "posts")}), columns=frozenset({(None, "posts", "status")}))

BY_STATUS = {
    "the model of a repository": """
        class Repository:
            model = Post
            def live(self, session):
                return session.scalars(select(self.model).where(self.model.status == "live")).all()
    """,
    "a count of a table": """
        from sqlalchemy import func
        def count(session):
            return session.scalar(select(func.count()).select_from(Post).where(Post.status == "live"))
    """,
    "whether there is any": """
        from sqlalchemy import exists
        def some(session):
            return session.scalar(select(exists(select(Post.id).where(Post.status == "live"))))
    """,
}


def queries(text, *, schema=SCHEMA, watch=POSTS):
    return [f for f in facts(text, known=knowledge(schema=schema), watch=watch) if isinstance(f, Query)]


@pytest.mark.parametrize("text", BY_STATUS.values(), ids=BY_STATUS)
def test_a_query_is_read_whatever_builds_it(text):
    (query,) = queries(text)
    assert ([f.field for f in query.filters], query.whole) == (["status"], True)


def test_a_line_that_names_no_column_of_an_index_is_not_looked_at():
    text = BY_STATUS["the model of a repository"].replace(".status", ".name")
    assert queries(text) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [("uq_title", "uq_title"), (None, "posts_title_key"), ("uq_title", "another")],
    ids=["by its name", "by the name that PostgreSQL gives it", "unknown"],
)
def test_a_conflict_names_its_constraint(given, said):
    posts, users = SCHEMA.tables
    unique = Constraint(kind="unique", fields=("title",), name=given)
    schema = msgspec.structs.replace(
        SCHEMA, tables=(msgspec.structs.replace(posts, constraints=(*posts.constraints, unique)), users)
    )
    text = f"""
        from sqlalchemy.dialects.postgresql import insert
        def save(session):
            session.execute(insert(Post).values(title="x").on_conflict_do_nothing(constraint="{said}"))
    """
    found = [(query.unique_on, query.named_index) for query in queries(text, schema=schema)]
    assert found == ([] if said == "another" else [(("title",), None)])


@pytest.mark.parametrize(
    ("expression", "receiver"),
    [("User.name", "class"), ("other.name", "alias"), ("user.name", "row")],
)
def test_a_use_says_what_it_is_read_of(expression, receiver):
    text = f"""
        from sqlalchemy.orm import aliased
        def f(session, user: User):
            other = aliased(User)
            return session.query(Post).filter(Post.title == {expression})
    """
    (use,) = [f for f in facts(text) if isinstance(f, FieldUse) and f.field == "user_name"]
    assert (use.role, use.receiver) == ("filter", receiver)
