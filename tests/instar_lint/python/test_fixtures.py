"""pytest's fixtures and test factories: what a test is given by the name of its parameter, and what a factory makes."""

import pytest

from python_frontend import facts, knowledge, marked, uses

CASES = {
    "a fixture of the same module": """
        import pytest
        @pytest.fixture
        def author(session):
            return session.get(User, 1)
        def test_it(author):
            assert author.name
        #                 ^ read
    """,
    "a fixture that yields": """
        import pytest
        @pytest.fixture()
        async def author(session):
            yield session.get(User, 1)
        async def test_it(author):
            assert author.name
        #                 ^ read
    """,
    "a fixture by another name": """
        import pytest
        @pytest.fixture(name="author")
        def _author():
            return User()
        def test_it(author):
            assert author.name
        #                 ^ read
    """,
    "a fixture that makes rows": """
        import pytest
        @pytest.fixture
        def make(session):
            def inner(email, **fields):
                fields.setdefault("bio", "")
                return User(email=email, **fields)
            return inner
        @pytest.fixture
        def author(make):
            return make("a@b.c", name="x")
        #                        ^ write
        def test_it(author, make):
            assert author.name
        #                 ^ read
            assert make("x", name="y").name
        #                    ^ write
        #                              ^ read
    """,
    "a fixture of a class": """
        import pytest
        class TestIt:
            @pytest.fixture
            def author(self):
                return User()
            def test_it(self, author):
                assert author.name
        #                     ^ read
    """,
    "a function that is no test gets none": """
        import pytest
        @pytest.fixture
        def thing():
            return User()
        def use(thing):
            return thing.name
        #                ^ read possible
    """,
    "factory_boy": """
        import factory
        from factory.alchemy import SQLAlchemyModelFactory
        class UserFactory(SQLAlchemyModelFactory):
            class Meta:
                model = User
            name = factory.Faker("name")
        #   ^ write
        class PostFactory(SQLAlchemyModelFactory):
            class Meta:
                model = Post
            author = factory.SubFactory(UserFactory, name="x")
        #                                            ^ write
        def f():
            UserFactory(name="x")
        #               ^ write
            for user in UserFactory.create_batch(3, name="x"):
        #                                           ^ write
                print(user.name)
        #                  ^ read
    """,
    "factory_boy after the row is made": """
        import factory
        class UserFactory(factory.alchemy.SQLAlchemyModelFactory):
            class Meta:
                model = User
            @factory.post_generation
            def named(self, create, extracted, **kwargs):
                self.name = extracted
        #            ^ write
    """,
    "pytest-factoryboy": """
        import factory
        from pytest_factoryboy import register
        class UserFactory(factory.alchemy.SQLAlchemyModelFactory):
            class Meta:
                model = User
        register(UserFactory)
        def test_it(user, user_factory):
            assert user.name == user_factory().name
        #               ^ read
        #                                      ^ read
    """,
    "polyfactory": """
        from polyfactory.factories.sqlalchemy_factory import SQLAlchemyFactory
        class UserFactory(SQLAlchemyFactory[User]):
            pass
        def f():
            return UserFactory.build(name="x").name
        #                            ^ write
        #                                      ^ read
    """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_a_test_knows_its_rows(text):
    text, expected = marked(text)
    assert sorted(uses(text, path="tests/test_views.py")) == sorted(expected)


def test_fixtures_come_from_conftests_above_and_from_what_they_load():
    files = {
        "conftest.py": "from app.models import User\nimport pytest\npytest_plugins = ['tests.more']\n"
        "@pytest.fixture\ndef author():\n    return User()\n",
        "tests/more.py": "from app.models import User\nimport pytest\n@pytest.fixture\ndef other():\n    return User()\n",
    }
    text = "def test_it(author, other, third):\n    return author.name, other.name, third.name"
    found = uses(text, known=knowledge(files), path="tests/web/test_it.py")
    assert found == ["2:19 read proven", "2:31 read proven", "2:43 read possible"]


def test_names_of_another_file_are_told_at_the_place_that_uses_them():
    files = {"app/constants.py": "\n\n\nFIELD = 'name'\nDEFAULTS = {'name': 'x'}\n"}
    text = "from app.constants import DEFAULTS, FIELD\ndef f(user: User):\n    User(**DEFAULTS)\n    return getattr(user, FIELD)"
    found = [f for f in facts(text, known=knowledge(files)) if getattr(f, "field", "") == "user_name"]
    assert [(f.place.line, f.access) for f in found] == [(4, "write"), (5, "read")]
