"""What the application stores."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base of every model."""


class User(Base):
    """Somebody who writes."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(120), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))  # shown beside every post
    avatar_url: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]

    posts: Mapped[list[Post]] = relationship(back_populates="author")


class Post(Base):
    """Something to read."""

    __tablename__ = "posts"
    __table_args__ = (Index("by_status_and_published", "status", "published_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))  # draft, published
    published_at: Mapped[datetime | None]

    author: Mapped[User] = relationship(back_populates="posts")


class Task(Base):
    """Something to do."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    priority: Mapped[int]  # 1 is low, 2 medium, 3 high
