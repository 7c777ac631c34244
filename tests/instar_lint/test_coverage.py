"""Which index serves a query, and which serves it better."""

from __future__ import annotations

import pytest

from instar.schema.model import Constraint, Table
from instar_lint.coverage import (
    NOTHING,
    AccessPath,
    Service,
    better_by,
    missing_unique,
    path_of,
    paths_of,
    serves,
)
from standing_example import index, posts, query


def path(*fields: str, **more: object) -> AccessPath:
    found = path_of(index("ix_" + "_".join(fields), *fields, **more))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("asked", "fields", "served"),
    [
        (query("status"), ("status",), Service(matched=1, equality=1)),
        (query("status", "title"), ("title", "status"), Service(matched=2, equality=2)),
        (query("status", "published_at:range"), ("status", "published_at"), Service(matched=2, equality=1)),
        (query("published_at:range", "status"), ("published_at", "status"), Service(matched=2)),
        (query("status", "title"), ("status", "id", "title"), Service(matched=2, equality=1)),
        (query("status"), ("title", "status"), NOTHING),
        (query("title:prefix"), ("title",), NOTHING),
        (query("title:other", "status"), ("title", "status"), NOTHING),
    ],
)
def test_equality_prefix_then_one_range_and_what_is_checked_on_the_way(asked, fields, served):
    assert serves(asked, path(*fields)) == served


@pytest.mark.parametrize(
    ("asked", "fields", "useful"),
    [
        (query("status", order="published_at", limited=True), ("status", "published_at"), True),
        (query("status", order="-published_at", limited=True), ("status", "published_at"), True),
        (query("status", order="published_at,-id", limited=True), ("status", "published_at", "id"), False),
        (query("status", order="published_at,-id", limited=True), ("status", "published_at", "-id"), True),
        (query("status", order="status,id", limited=True), ("status", "id"), True),
        (query("status:in", order="id", limited=True), ("status", "id"), False),
        (query("status", "title", order="id", limited=True), ("status", "id"), False),
        (query(order="published_at", limited=True), ("published_at",), True),
        (query(order="published_at"), ("published_at",), False),
        (query("status", order="published_at"), ("status", "published_at"), False),
    ],
)
def test_order_counts_where_the_query_stops_early(asked, fields, useful):
    assert serves(asked, path(*fields)).sorted is useful


def test_a_unique_path_fixed_as_a_whole_finds_one_row_unless_it_is_asked_for_null():
    unique = path("title", unique=True)
    assert serves(query("title"), unique).single
    assert not serves(query("title:is_null"), unique).single
    assert not serves(query("title:in"), unique).single
    assert not serves(query("status"), unique).single


def test_nothing_is_better_than_a_path_that_finds_one_row():
    primary = paths_of(posts())[0]
    assert better_by(query("id", "status"), [path("id", "status")], [primary]) is None
    assert better_by(query("status"), [path("id", "status")], [primary]) is None
    assert better_by(query("status"), [path("status")], [primary]) == path("status")


def test_a_query_that_could_not_be_read_whole_is_served_by_nothing_in_particular():
    assert better_by(query("status", whole=False), [path("status")], []) is None


@pytest.mark.parametrize(
    "unreadable",
    [
        {"predicate": "status = 'open'"},
        {"kind": "gin"},
        {"valid": False},
        {"staged": True},
    ],
)
def test_an_index_that_the_rule_cannot_read_is_no_path(unreadable):
    assert path_of(index("ix", "status", **unreadable)) is None


def test_a_hash_index_serves_whole_equality_only():
    by_hash = path("status", kind="hash")
    assert serves(query("status"), by_hash).equality == 1
    assert serves(query("status:range"), by_hash) == NOTHING
    assert not serves(query("status", order="status"), by_hash).sorted


def test_primary_key_and_unique_constraints_are_paths():
    table = Table(
        name="users",
        constraints=(
            Constraint(kind="primary_key", fields=("id",)),
            Constraint(kind="unique", name="uq_email", fields=("email",)),
            Constraint(kind="check", expression="id > 0"),
        ),
    )
    assert [(p.kind, p.fields, p.unique) for p in paths_of(table)] == [
        ("primary_key", ("id",), True),
        ("unique", ("email",), True),
    ]


def test_on_conflict_needs_exactly_its_unique_columns():
    upsert = query(unique_on=("title", "status"))
    unique = path("status", "title", unique=True)
    assert missing_unique(upsert, [unique], []) == unique
    assert missing_unique(upsert, [unique], [unique]) is None
    assert missing_unique(upsert, [path("status", "title")], []) is None
