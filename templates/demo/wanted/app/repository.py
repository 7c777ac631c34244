"""What the application asks of its data."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.avatars import avatar_url
from app.models import Post, Task, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

PRIORITIES = ("low", "medium", "high")


def sign_up(session: Session, email: str, name: str) -> User:
    """Add a user."""
    picture = avatar_url({"email": email})
    user = User(email=email, display_name=name, avatar_url=picture, created_at=datetime(2026, 1, 1))
    session.add(user)
    return user


def user_by_email(session: Session, email: str) -> User | None:
    """The user with this address."""
    return session.scalars(select(User).where(User.email == email)).first()


def rename(user: User, name: str) -> None:
    """Give a user another name."""
    user.display_name = name


def name_of(user: User) -> str:
    """What a user is called."""
    return user.display_name


def posts_of(session: Session, user: User) -> Sequence[Post]:
    """Everything that a user wrote."""
    return session.scalars(select(Post).where(Post.author_id == user.id)).all()


def latest_published(session: Session, count: int = 20) -> Sequence[Post]:
    """The newest posts that everybody may read."""
    query = select(Post).where(Post.status == "published").order_by(Post.published_at.desc()).limit(count)
    return session.scalars(query).all()


def card(user: User) -> dict[str, str]:
    """What the page of a user shows."""
    return {"name": user.display_name, "picture": user.avatar_url}


def add_task(session: Session, title: str, priority: str) -> Task:
    """Note something to do."""
    task = Task(title=title, priority=PRIORITIES.index(priority) + 1)
    session.add(task)
    return task


def priority_of(session: Session, title: str) -> str | None:
    """How urgent a task is: low, medium or high."""
    task = session.scalars(select(Task).where(Task.title == title)).first()
    return PRIORITIES[task.priority - 1] if task else None


def urgent_tasks(session: Session) -> Sequence[Task]:
    """What cannot wait."""
    return session.scalars(select(Task).where(Task.priority == 3)).all()
