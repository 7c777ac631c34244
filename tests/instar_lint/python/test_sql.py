import pytest

from instar_lint.python import Watch
from python_frontend import marked, uses

CASES = {
    "text()": """
        session.execute(text("SELECT user_name FROM users"))
        #                            ^ read
    """,
    "an alias": """
        session.execute(text("SELECT u.user_name, p.title FROM users u JOIN posts p ON p.author_id = u.id"))
        #                              ^ read
    """,
    "a driver's cursor": """
        cursor.execute("UPDATE users SET user_name = %s WHERE id = %s", (name, 1))
        #                                ^ write
    """,
    "a string that is not seen to run": """
        QUERY = "SELECT user_name FROM users WHERE id = :id"
        #               ^ read likely
    """,
    "a bound parameter of the same name": """
        session.execute(text("SELECT u.user_name FROM users AS u WHERE 'x' <> :user_name AND u.user_name > ''"))
        #                              ^ read
        #                                                                                      ^ read
    """,
    "another table's column of the same name": """
        session.execute(text("SELECT users.user_name FROM users JOIN posts p ON p.user_name = users.user_name"))
        #                                  ^ read
        #                                                                                           ^ read
    """,
    "an insert": """
        connection.execute(text("INSERT INTO users (id, user_name) VALUES (1, 'x')"))
        #                                               ^ write
    """,
    "an update that finds its rows by it": """
        session.execute(text("UPDATE users SET email = 1 WHERE user_name = 2"))
        #                                                      ^ read
    """,
    "an update of itself": """
        session.execute(text("UPDATE users SET user_name = upper(user_name)"))
        #                                      ^ write
        #                                                        ^ read
    """,
    "an insert of what is read": """
        session.execute(text("INSERT INTO users (email) SELECT user_name FROM users"))
        #                                                      ^ read
    """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_raw_sql_names_fields_by_table(text):
    text, expected = marked(text)
    assert uses(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'session.execute(text("SELECT user_name FROM accounts"))',
        'session.execute(text("SELECT p.name FROM users u JOIN posts p ON true"))',
        'print("select a user_name from users please")',
        'session.execute(text("SELECT count(*) AS user_name FROM posts"))',
    ],
)
def test_other_tables_and_prose_are_not_meant(text):
    assert [u for u in uses(text) if not u.endswith("likely")] == []


def test_a_column_that_is_asked_for_is_found_although_nothing_maps_it():
    text = 'session.execute(text("SELECT u.nick FROM users u"))'
    asked = Watch(fields=frozenset({(None, "users", "nick")}))
    assert uses(text, "users.nick", watch=asked) == ["1:32 read proven"]
    assert uses(text, "users.nick") == []
