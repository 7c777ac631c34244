"""The rows that the story starts with, and what each must have become when it ends."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

USERS, POSTS, TASKS = 2_000, 2_000, 1_000
PRIORITIES = ("low", "medium", "high")


class User(NamedTuple):
    """A user as the story knows one, whatever the columns are called."""

    email: str
    name: str

    @property
    def avatar_url(self) -> str:
        """What the application computes for this address."""
        return f"https://avatars.example/{hashlib.sha256(self.email.encode()).hexdigest()[:16]}"


class Task(NamedTuple):
    """A task as the story knows one; `priority` is the word."""

    title: str
    priority: str

    @property
    def number(self) -> int:
        """The priority as the new column stores it."""
        return PRIORITIES.index(self.priority) + 1


class Expected(NamedTuple):
    """What the database must hold, by primary key."""

    users: dict[int, User]
    posts: dict[int, str]
    tasks: dict[int, Task]

    @property
    def rows(self) -> int:
        """How many rows that is."""
        return len(self.users) + len(self.posts) + len(self.tasks)


def fill(database: Path) -> Expected:
    """Fill a database of the first version with 5,000 rows."""
    expected = Expected(
        users={n: User(f"user{n}@mail.example", f"User {n}") for n in range(1, USERS + 1)},
        posts={n: f"Post {n}" for n in range(1, POSTS + 1)},
        tasks={n: Task(f"Task {n}", PRIORITIES[n % 3]) for n in range(1, TASKS + 1)},
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO users (id, email, user_name, created_at) VALUES (?, ?, ?, '2026-01-01 00:00:00')",
            [(n, user.email, user.name) for n, user in expected.users.items()],
        )
        connection.executemany(
            "INSERT INTO posts (id, author_id, title, status, published_at, legacy_field) VALUES (?, ?, ?, ?, ?, 'import')",
            [
                (
                    n,
                    1 + n % USERS,
                    title,
                    "published" if n % 4 else "draft",
                    f"2026-01-{1 + n % 28:02} 08:00:00",
                )
                for n, title in expected.posts.items()
            ],
        )
        connection.executemany(
            "INSERT INTO tasks (id, title, priority) VALUES (?, ?, ?)",
            [(n, task.title, task.priority) for n, task in expected.tasks.items()],
        )
    return expected


def differences(database: Path, expected: Expected) -> list[str]:
    """What of the finished database differs from the story, row by row; empty when all is right."""
    with closing(sqlite3.connect(database)) as connection:
        users = connection.execute("SELECT id, email, display_name, avatar_url FROM users").fetchall()
        posts = connection.execute("SELECT id, title FROM posts").fetchall()
        tasks = connection.execute("SELECT id, title, priority_v2 FROM tasks").fetchall()
    found = {("users", row[0]): tuple(row[1:]) for row in users}
    found |= {("posts", row[0]): tuple(row[1:]) for row in posts}
    found |= {("tasks", row[0]): tuple(row[1:]) for row in tasks}
    wanted: dict[tuple[str, int], tuple[object, ...]] = {
        ("users", n): (user.email, user.name, user.avatar_url) for n, user in expected.users.items()
    }
    wanted |= {("posts", n): (title,) for n, title in expected.posts.items()}
    wanted |= {("tasks", n): (task.title, task.number) for n, task in expected.tasks.items()}
    keys = sorted(found.keys() | wanted.keys())
    return [
        f"{table} {number}: {found.get((table, number))} instead of {wanted.get((table, number))}"
        for table, number in keys
        if found.get((table, number)) != wanted.get((table, number))
    ]
