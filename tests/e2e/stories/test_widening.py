"""A counter outgrows 32 bits: the attribute keeps its name and maps to a new column of 64."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from small_application import SmallApplication

MODELS = """\
class Video(Base):
    __tablename__ = "videos"
    __table_args__ = (Index("by_views", "views"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    views: Mapped[int] = mapped_column(Integer)
"""
WANTED = MODELS.replace("mapped_column(Integer)", "mapped_column(BigInteger)")
NAME = ("--name", "views")
HUGE = 3_000_000_000


@pytest.fixture(
    params=[
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def application(request: pytest.FixtureRequest, tmp_path: Path) -> SmallApplication:
    made = SmallApplication(tmp_path / "app", request.getfixturevalue(request.param), MODELS)
    rows = ", ".join(f"({number}, {number * 10})" for number in range(1, 101))
    made.execute(f"INSERT INTO videos (id, views) VALUES {rows}")
    return made


@pytest.mark.postgresql
def test_by_hand_the_whole_table_is_written_again_under_a_lock(postgresql: str, tmp_path: Path) -> None:
    application = SmallApplication(tmp_path / "app", postgresql, MODELS)
    file = "SELECT pg_relation_filenode('videos')"
    before = application.scalars(file)
    with application.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE videos ALTER COLUMN views TYPE bigint")
        locks = "SELECT mode FROM pg_locks WHERE relation = 'videos'::regclass"
        assert "AccessExclusiveLock" in connection.exec_driver_sql(locks).scalars().all()
    assert application.scalars(file) != before


def test_the_attribute_moves_to_a_new_column_that_was_filled_before(application: SmallApplication) -> None:
    application.want(WANTED)
    application.must("generate", *NAME)
    old = application.code(application.deploy("views")).Video
    assert {"views", "views_v2"} <= application.columns("videos").keys()
    with application.session() as session:
        session.get(old, 1).views = 77
        session.add(old(id=101, views=5))
    application.must("advance", "views", "--exit-code")
    new = application.code(application.deploy("views")).Video
    assert sa.inspect(new).attrs["views"].columns[0].name == "views_v2"
    with application.session() as session:
        session.get(new, 2).views = HUGE
        session.get(new, 3).views = 33
    with application.session() as session:
        assert [session.get(new, key).views for key in (1, 2, 3, 101)] == [77, HUGE, 33, 5]
        assert [session.get(old, key).views for key in (1, 3, 101)] == [77, 33, 5]
    application.finish("views")
    found = dict.fromkeys(range(1, 101))
    found = {key: key * 10 for key in found} | {1: 77, 2: HUGE, 3: 33, 101: 5}
    with application.session() as session:
        assert {video.id: video.views for video in session.scalars(sa.select(new))} == found
    assert application.columns("videos")["views_v2"].startswith("BIGINT")
    assert "views" not in application.columns("videos")
    assert [one["column_names"] for one in sa.inspect(application.engine).get_indexes("videos")] == [
        ["views_v2"]
    ]
