"""The forms of SQLAlchemy, Flask-SQLAlchemy and SQLModel that lead to a row, and those that must not."""

import pytest

from python_frontend import marked, uses

CASES = {
    "aliased": """
        from sqlalchemy.orm import aliased
        def f(session):
            other = aliased(User)
            return session.scalars(select(other).where(other.name == "x"))
        #                                                    ^ read
    """,
    "filter_by binds to the last joined entity": """
        def f(session):
            return session.query(Post).join(User).filter_by(name="x")
        #                                                   ^ read
    """,
    "filter_by through a relationship": """
        def f(session):
            return session.query(Post).join(Post.author).filter_by(name="x")
        #                                                          ^ read
    """,
    "relationship any/has": """
        def f(session):
            return session.query(Post).filter(Post.author.has(name="x"))
        #                                                     ^ read
    """,
    "load_only": """
        from sqlalchemy.orm import load_only
        def f(session):
            return session.query(User).options(load_only(User.name))
        #                                                     ^ read
    """,
    "order_by a string": """
        def f(session):
            return session.query(User).order_by("name")
        #                                        ^ read
    """,
    "update with a dictionary": """
        def f(session):
            session.query(User).filter(User.id == 1).update({"name": "x"})
        #                                                     ^ write
    """,
    "update().values()": """
        def f(session):
            session.execute(sa.update(User).values(name="x"))
        #                                          ^ write
    """,
    "insert with rows": """
        def f(session):
            session.execute(sa.insert(User), [{"name": "x"}])
        #                                       ^ write
    """,
    "a constructor with a literal mapping": """
        data = {"name": "x"}
        #        ^ write
        User(**data)
    """,
    "setattr over a literal list": """
        def f(user: User):
            for field in ("name", "email"):
        #                  ^ write
                setattr(user, field, None)
    """,
    "Core columns of a mapped table": """
        def f(connection):
            users = User.__table__
            connection.execute(select(users.c.user_name))
        #                                     ^ read
    """,
    "a subquery's column": """
        def f(session):
            sub = select(User.name, User.id).subquery()
        #                     ^ read
            return session.execute(select(sub.c.name))
        #                                       ^ read
    """,
    "unpacked rows": """
        def f(session):
            for user, count in session.query(User, sa.func.count(Post.id)).join(User.posts):
                print(user.name)
        #                  ^ read
    """,
    "async session": """
        async def f(session):
            result = await session.execute(select(User))
            return [u.name for u in result.scalars().all()]
        #             ^ read
    """,
    "Flask-SQLAlchemy": """
        def f():
            return User.query.filter_by(name="x").first_or_404().name
        #                               ^ read
        #                                                        ^ read
    """,
    "SQLModel exec": """
        def f(session):
            return session.exec(select(User)).first().name
        #                                             ^ read
    """,
    "isinstance": """
        def f(thing):
            if isinstance(thing, User):
                return thing.name
        #                    ^ read
    """,
    "a method's inferred return": """
        class Service:
            def __init__(self, session):
                self.session = session
            def get(self, key):
                return self.session.get(User, key)
            def show(self, key):
                return self.get(key).name
        #                            ^ read
    """,
    "a generic repository": """
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Repository(Generic[T]):
            def get(self, key) -> T: ...
        class Users(Repository[User]):
            pass
        def f(users: Users, plain: Repository[User]):
            return users.get(1).name + plain.get(2).name
        #                       ^ read
        #                                           ^ read
    """,
    "a repository with a model attribute": """
        class Repository:
            model = None
            def get(self, session, key):
                return session.get(self.model, key)
        class Users(Repository):
            model = User
        def f(session):
            return Users().get(session, 1).name
        #                                  ^ read
    """,
    "a generic function": """
        from typing import TypeVar
        T = TypeVar("T")
        def load(model: type[T], key) -> T: ...
        def f():
            return load(User, 1).name
        #                        ^ read
    """,
    "a helper that is given the model": """
        def load(session, model, key):
            return session.query(model).get(key)
        def f(session):
            return load(session, User, 1).name
        #                                 ^ read
    """,
    "an ORM event": """
        from sqlalchemy import event
        @event.listens_for(User, "before_insert")
        def before(mapper, connection, target):
            target.name = "x"
        #          ^ write
    """,
    "match": """
        def f(thing):
            match thing:
                case User(name=x):
        #                 ^ read
                    return x
    """,
    "a context manager": """
        from contextlib import contextmanager
        @contextmanager
        def loaded(session):
            yield session.get(User, 1)
        def f(session):
            with loaded(session) as user:
                print(user.name)
        #                  ^ read
    """,
    "attrgetter as a sort key": """
        from operator import attrgetter
        def f(users: list[User]):
            return sorted(users, key=attrgetter("name"))
        #                                        ^ read
    """,
    "a conflict's columns": """
        from sqlalchemy.dialects.postgresql import insert
        def f(session):
            session.execute(insert(User).values(email="x").on_conflict_do_update(index_elements=["user_name"], set_={}))
        #                                                                                         ^ read
    """,
    "a walrus": """
        def f(session):
            if (user := session.get(User, 1)) is not None:
                return user.name
        #                   ^ read
    """,
    "a dictionary of rows": """
        def f(users: list[User]):
            by_id = {u.id: u for u in users}
            return by_id[1].name, [u.name for u in by_id.values()]
        #                   ^ read
        #                            ^ read
    """,
    "keyword arguments that are passed on": """
        def make(model, **fields):
            return model(**fields)
        def f():
            return make(User, name="x").name
        #                     ^ write
        #                               ^ read
    """,
    "a mapping that is passed on": """
        class Base:
            def populate(self, data):
                for key, value in data.items():
                    setattr(self, key, value)
        def change(session, key, data):
            session.query(User).filter_by(id=key).update(data)
        def f(session):
            change(session, 1, {"name": "x"})
        #                        ^ write
    """,
    "criteria that are passed on": """
        def find(session, model, **criteria):
            return session.query(model).filter_by(**criteria).first()
        def f(session):
            return find(session, User, name="x")
        #                              ^ read
    """,
    "a parameter of the same name is its own": """
        def find(session, name):
            return session.query(Post).filter_by(title=name).first()
        def f(session):
            return find(session, name="x")
    """,
    "what a constructor is given": """
        class Wrapper:
            def __init__(self, row, session):
                self.row = row
        def f(session):
            wrapper = Wrapper(session.get(User, 1), session)
            return wrapper.row.name
        #                      ^ read
    """,
    "a class of a registry that is made at run time": """
        def f(session, db):
            return session.scalars(select(db.User).where(db.User.name == "x"))
        #                                                        ^ read
    """,
    "a relationship's column": """
        def f(session):
            return session.query(Post).filter(Post.author.name == "x")
        #                                                 ^ read
    """,
    "a parameter, by the calls in its module": """
        def show(person, session):
            return person.name
        #                 ^ read
        def f(session):
            return [show(p, session) for p in session.scalars(select(User))]
    """,
    "a parameter of a method, through a relationship": """
        class Page:
            @staticmethod
            def title(thing):
                return thing.author.name
        #                           ^ read
            def show(self, session):
                return Page.title(session.get(Post, 1))
    """,
    "a parameter that is bound anew": """
        def show(thing):
            thing = load(thing)
            return thing.name
        #                ^ read possible
        def f(session):
            return show(session.get(User, 1))
    """,
    "labels name the row, not the field": """
        def f(session):
            row = session.execute(select(User.name.label("title"))).one()
        #                                     ^ read
            return row.title, row.name
    """,
    "one of two classes that both have it": """
        def f(session, flag):
            thing = session.get(User, 1) if flag else session.get(Post, 1)
            return thing.name
        #                ^ read likely
    """,
    "one of two types of which one is a row": """
        def find(session, many):
            query = session.query(User)
            return query.all() if many else query.first()
        def f(session):
            return find(session, False).name
        #                               ^ read
    """,
    "a branch that excludes the other class": """
        def f(thing: User | Post):
            if isinstance(thing, Post):
                return thing.name
            return thing.name
        #                ^ read
    """,
    "a method of the base class": """
        class Base:
            @classmethod
            def all(cls, session):
                return session.query(User)
        class Kept(Base):
            @classmethod
            def all(cls, session, kept=True):
                return super(Kept, cls).all(session).filter_by(bio=kept)
        def f(session):
            return Kept.all(session).first().name
        #                                    ^ read
    """,
    "reassignment kills": """
        def f(user: User):
            user = {"name": 1}
            return user.name
    """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_a_form_is_read(text):
    text, expected = marked(text)
    assert sorted(uses(text)) == sorted(expected)


def test_of_two_classes_the_one_that_has_the_attribute_is_meant():
    text = "def f(thing: User | Post):\n    return thing.bio"
    assert uses(text, "users.bio") == ["2:18 read proven"]
