"""SQLAlchemy models and Alembic revisions."""
