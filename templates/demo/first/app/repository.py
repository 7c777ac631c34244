"""What the application asks of its data."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.models import Post, Task, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def sign_up(session: Session, email: str, name: str) -> User:
    """Add a user."""
    user = User(email=email, user_name=name, created_at=datetime(2026, 1, 1))
    session.add(user)
    return user


def user_by_email(session: Session, email: str) -> User | None:
    """The user with this address."""
    return session.scalars(select(User).where(User.email == email)).first()


def rename(user: User, name: str) -> None:
    """Give a user another name."""
    user.user_name = name


def name_of(user: User) -> str:
    """What a user is called."""
    return user.user_name


def posts_of(session: Session, user: User) -> Sequence[Post]:
    """Everything that a user wrote."""
    return session.scalars(select(Post).where(Post.author_id == user.id)).all()


def add_task(session: Session, title: str, priority: str) -> Task:
    """Note something to do."""
    task = Task(title=title, priority=priority)
    session.add(task)
    return task


def priority_of(session: Session, title: str) -> str | None:
    """How urgent a task is: low, medium or high."""
    task = session.scalars(select(Task).where(Task.title == title)).first()
    return task.priority if task else None


def urgent_tasks(session: Session) -> Sequence[Task]:
    """What cannot wait."""
    return session.scalars(select(Task).where(Task.priority == "high")).all()
