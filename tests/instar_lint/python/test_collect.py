import pytest

from instar_lint.facts import EntityRead, Filter, OrderKey, Query, RowInsert
from instar_lint.python import Watch
from python_frontend import facts, knowledge, marked, uses

KNOWN_RECEIVERS = {
    "annotated parameter": """
        def show(user: User):
            return user.name
        #               ^ read
    """,
    "constructor keyword": """
        user = User(name="ada")
        #           ^ write
    """,
    "attribute write": """
        def rename(user: User):
            user.name = "ada"
        #        ^ write
    """,
    "augmented assignment": """
        def shout(user: User):
            user.name += "!"
        #        ^ read, write
    """,
    "select": """
        def find(session):
            return session.scalars(select(User).where(User.name == "ada")).first()
        #                                                  ^ read
    """,
    "filter_by": """
        def find(session):
            return session.query(User).filter_by(name="ada").one()
        #                                        ^ read
    """,
    "loop over a relationship": """
        def authors(posts: list[Post]):
            for post in posts:
                print(post.author.name)
        #                         ^ read
    """,
    "session.get": """
        def load(session):
            user = session.get(User, 1)
            return user.name
        #               ^ read
    """,
    "reassigned statement": """
        def find(session):
            stmt = select(User)
            stmt = stmt.where(User.email == "x")
            for user in session.execute(stmt).scalars():
                print(user.name)
        #                  ^ read
    """,
    "row of columns": """
        def names(session):
            for row in session.execute(select(User.name, User.id)):
        #                                          ^ read
                print(row.name)
        #                 ^ read
    """,
    "literal getattr": """
        def read(user: User):
            return getattr(user, "name")
        #                         ^ read
    """,
    "non-ASCII before the name": """
        def read(user: User):
            return "é", user.name
        #                    ^ read
    """,
}


@pytest.mark.parametrize("text", KNOWN_RECEIVERS.values(), ids=KNOWN_RECEIVERS)
def test_a_known_receiver_makes_a_proven_use(text):
    text, expected = marked(text)
    assert uses(text) == expected


def test_another_class_with_the_same_attribute_is_not_meant():
    assert uses("def f(post: Post):\n    return post.name") == []


def test_a_query_says_its_filters_and_order():
    found = facts("""
        def published(session):
            q = select(Post).where(Post.status == "published").order_by(Post.published_at.desc()).limit(5)
            return session.scalars(q)
    """)
    (query,) = [f for f in found if isinstance(f, Query)]
    assert query.filters == (Filter("status", "eq"),)
    assert query.order == (OrderKey("published_at", descending=True),)
    assert query.limited
    assert query.whole
    assert [f.table for f in found if isinstance(f, EntityRead)] == ["posts"]


def test_a_filter_through_a_relationship_is_one_on_its_foreign_key():
    found = facts(
        "def f(session, user):\n    return session.scalars(select(Post).where(Post.author == user))"
    )
    (query,) = [f for f in found if isinstance(f, Query)]
    assert query.filters == (Filter("author_id", "eq"),)


def test_a_constructor_says_what_it_gives():
    (complete, open_) = [
        f for f in facts("User(name=1, email=2)\nUser(name=1, **rest)") if isinstance(f, RowInsert)
    ]
    assert (complete.given, complete.complete) == (("name", "email"), True)
    assert (open_.given, open_.complete) == (("name",), False)


def test_nothing_in_flight_gives_nothing():
    assert facts("def f(user: User):\n    return user.name", watch=Watch()) == ()


def test_only_what_is_watched_is_reported():
    watch = Watch(fields=frozenset({(None, "users", "email")}))
    found = facts("def f(user: User):\n    return user.name, user.email", known=knowledge(), watch=watch)
    assert [f.field for f in found] == ["email"]


def test_an_alembic_revision_is_no_application_code_wherever_it_lies():
    text = (
        "from app.models import User\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    User.name\n"
    )
    assert uses(text, path="app/revisions/tenant/a.py", header=False) == []
    assert uses(text.replace("down_revision", "other"), header=False) == ["5:10 read proven"]
