"""What the rules INS401 to INS407 say of Alembic revisions."""

from __future__ import annotations

import textwrap

import msgspec
import pytest

from instar_lint import rules
from instar_lint.lint import lint_revision
from instar_lint.revisions import parse_revision
from instar_lint.rules.documentation import page
from standing_example import DEPLOYMENT

POSTGRESQL = msgspec.structs.replace(DEPLOYMENT, backend="postgresql", configured=True)
HEAD = 'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "a1"\ndown_revision = "a0"\n\n\n'


def said(body: str, deployment=POSTGRESQL) -> list[str]:
    text = HEAD + (
        body
        if "def upgrade" in body
        else f"def upgrade():\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"
    )
    revision = parse_revision(text, "migrations/versions/a1.py")
    assert revision is not None
    return [finding.code for finding in lint_revision(revision, deployment)]


REVISION_RULES = [code for code in rules.files() if code.startswith("INS4")]


@pytest.mark.parametrize("code", REVISION_RULES)
def test_the_example_is_reported_and_what_to_use_instead_is_not(code):
    assert code in said(page(code).bad)
    assert code not in said(page(code).good)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ('op.execute("UPDATE users SET a = 1")', ["INS401"]),
        ('op.execute(sa.text("update only public.users set a = b where a is null"))', ["INS401"]),
        ('op.execute("DELETE FROM users")', ["INS401"]),
        ("op.execute(users.update().values(a=1))", ["INS401"]),
        ('op.execute(sa.update(users).values({"a": 1}).where(users.c.a.is_(None)))', ["INS401"]),
        ('op.execute("UPDATE users SET a = 1 WHERE id = 7")', []),
        ("op.execute(users.update().where(users.c.id == 7).values(a=1))", []),
        ('op.execute("SELECT 1")', []),
        ('op.execute("ALTER TABLE users ADD COLUMN a int")', []),
        ('op.execute("CREATE TRIGGER t AFTER UPDATE ON users BEGIN UPDATE users SET a = 1; END")', []),
        ('op.create_table("t", sa.Column("a"))\nop.execute("UPDATE t SET a = 1")', []),
        ('op.create_table("t", sa.Column("a"))\nop.create_index("i", "t", ["a"])', []),
        (
            (
                'bind = op.get_bind()\nfor row in bind.execute(sa.text("SELECT id FROM users")):\n'
                '    bind.execute(sa.text("UPDATE users SET a = 1 WHERE id = :i"), {"i": row.id})'
            ),
            ["INS401"],
        ),
        (
            'while True:\n    op.get_bind().execute(sa.text("UPDATE users SET a = b WHERE id > :i"))',
            ["INS402", "INS405"],
        ),
        ('op.execute("UPDATE users SET karma = karma + 1 WHERE id < 9")', ["INS402"]),
        ("op.execute(\"UPDATE users SET karma = 'karma' WHERE id < 9\")", []),
        ('op.drop_column("users", "a")\nop.execute("UPDATE users SET b = 1 WHERE id = 1")', ["INS403"]),
        (
            (
                'with op.batch_alter_table("users") as batch:\n    batch.drop_column("a")\n'
                'op.execute("UPDATE users SET b = 1 WHERE id = 1")'
            ),
            ["INS403"],
        ),
        ('op.create_index("i", "users", ["a"], postgresql_concurrently=True)', ["INS404"]),
        ('op.create_unique_constraint("u", "users", ["a"])', ["INS404"]),
        ('op.execute(f"UPDATE users SET a = {value} WHERE id = 1")', []),
        ("raise NotImplementedError", ["INS406"]),
        ('sql = "UPDATE users SET a = 1"\nop.get_bind().execute(sa.text(sql))', ["INS401"]),
        ("q = users.update()\nq = q.values(a=1)\nop.execute(q)", ["INS401"]),
        ("q = users.update()\nq = q.where(users.c.id == 7)\nop.execute(q.values(a=1))", []),
        (
            't = sa.table("tags")\nop.create_table("tags", sa.Column("a"))\nop.execute(t.update().values(a=1))',
            [],
        ),
        (
            'op.execute("CREATE TABLE IF NOT EXISTS tags (a int)")\nop.execute("UPDATE tags SET a = 1")',
            [],
        ),
        ('session.query(User).filter(User.a.is_(None)).update({"a": 1})', ["INS401"]),
        ("session.query(User).filter(User.id == 7).update({User.a: 1})", []),
        ("for user in session.query(User).all():\n    user.a = 1", ["INS401"]),
        ("for user in session.scalars(sa.select(User)):\n    if user.b:\n        user.a = 1", ["INS401"]),
        ("for user in session.query(User):\n    print(user.a)", []),
        (
            "for ids in chunked(found, 500):\n    op.execute(users.update().where(users.c.id.in_(ids), users.c.a.is_(None)))",
            ["INS405"],
        ),
        (
            "for rows in result.partitions(100):\n    op.execute(users.update().where(users.c.a.is_(None)))",
            ["INS405"],
        ),
        ('op.execute("CREATE UNIQUE INDEX i ON public.users (a)")', ["INS404"]),
        ('op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (a)")', ["INS404"]),
        (
            (
                "with op.get_context().autocommit_block():\n"
                '    op.execute("CREATE INDEX CONCURRENTLY i ON users (a)")\n'
                'op.execute("UPDATE users SET b = 1 WHERE id = 1")'
            ),
            [],
        ),
        (
            'op.execute("ALTER TABLE users DROP COLUMN a")\nop.execute("UPDATE users SET b = 1 WHERE id = 1")',
            ["INS403"],
        ),
    ],
)
def test_statements_and_operations(body, codes):
    assert said(body) == codes


def test_functions_of_the_file_are_followed_and_recursion_ends():
    body = (
        "def upgrade():\n    fill()\n\n\ndef fill():\n    op.execute('UPDATE users SET a = 1')\n    fill()\n"
    )
    assert said(body) == ["INS401"]


def test_downgrade_is_nobodys_business():
    assert (
        said("def upgrade():\n    pass\n\n\ndef downgrade():\n    op.execute('UPDATE users SET a = 1')\n")
        == []
    )


def test_other_backends_build_indexes_beside_writers():
    body = 'op.create_index("i", "users", ["a"])'
    assert said(body, msgspec.structs.replace(POSTGRESQL, backend="mariadb")) == []
    unknown = msgspec.structs.replace(POSTGRESQL, backend=None)
    revision = parse_revision(HEAD + f"def upgrade():\n    {body}\n", "a.py")
    assert [f.confidence for f in lint_revision(revision, unknown)] == ["likely"]


@pytest.mark.parametrize("text", ["def upgrade(:", "x = 1\n", "\0", "revision = 'a'\n", "(" * 5000])
def test_what_is_no_revision_is_none(text):
    assert parse_revision(text, "a.py") is None


def test_a_class_of_the_revision_stands_for_its_table():
    body = 'class Tag(Base):\n    __tablename__ = "tags"\n\n\ndef upgrade():\n    op.execute(sa.update(Tag).values(a=1))\n'
    revision = parse_revision(HEAD + body, "a.py")
    assert revision is not None
    assert revision.fills("tags", "a")
