"""A deferred column is dropped: no query seems to read it, but a subquery of the entity names every column."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from small_application import SmallApplication

MODELS = """\
class Article(Base):
    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    body: Mapped[str | None] = mapped_column(Text, deferred=True)
"""
WANTED = MODELS.replace("    body: Mapped[str | None] = mapped_column(Text, deferred=True)\n", "")
NAME = ("--name", "bodies")


@pytest.fixture
def application(sqlite: str, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", sqlite, MODELS)
    made.execute("INSERT INTO articles (id, title, body) VALUES (1, 'One', 'long'), (2, 'Two', 'longer')")
    return made


def plainly(application: SmallApplication, code: ModuleType) -> list[str]:
    """The titles by a query of the entity, which leaves deferred columns out."""
    with application.session() as session:
        return [article.title for article in session.scalars(sa.select(code.Article))]


def latest(application: SmallApplication, code: ModuleType) -> list[str]:
    """The titles of the newest articles, by a subquery of the entity."""
    newest = sa.select(code.Article).order_by(code.Article.id.desc()).limit(1).subquery()
    article = aliased(code.Article, newest)
    with application.session() as session:
        return [found.title for found in session.scalars(sa.select(article))]


def test_by_hand_the_subquery_fails_in_every_version_in_service(application: SmallApplication) -> None:
    old = application.code(application.first)
    application.execute("ALTER TABLE articles DROP COLUMN body")
    assert plainly(application, old) == ["One", "Two"]
    with pytest.raises(sa.exc.OperationalError, match="body"):
        latest(application, old)


def test_the_column_goes_when_nothing_in_service_maps_it(application: SmallApplication) -> None:
    application.want(WANTED)
    application.must("generate", *NAME)
    versions = [application.code(application.first)]
    versions.append(application.code(application.deploy("bodies")))
    assert "body" in application.columns("articles")
    for code in versions:
        assert latest(application, code) == ["Two"]
    application.must("advance", "bodies", "--exit-code")
    last = application.code(application.deploy("bodies"))
    assert "body" not in application.columns("articles")
    for code in (versions[-1], last):
        assert plainly(application, code) == ["One", "Two"]
        assert latest(application, code) == ["Two"]


def test_a_revision_that_drops_what_is_still_mapped_is_found(application: SmallApplication) -> None:
    uses = application.must("uses", "articles.body").out
    assert "models.py:14" in uses
