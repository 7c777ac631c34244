"""What the application stores."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base of every model."""


class User(Base):
    """Somebody who writes."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(120), unique=True)
    user_name: Mapped[str] = mapped_column(String(80))  # shown beside every post
    created_at: Mapped[datetime]

    posts: Mapped[list[Post]] = relationship(back_populates="author")


class Post(Base):
    """Something to read."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))  # draft, published
    published_at: Mapped[datetime | None]
    legacy_field: Mapped[str] = mapped_column(String(40))

    author: Mapped[User] = relationship(back_populates="posts")


class Task(Base):
    """Something to do."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    priority: Mapped[str] = mapped_column(String(10))  # low, medium, high
