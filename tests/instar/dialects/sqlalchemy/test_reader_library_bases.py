"""Tables and columns that base classes of libraries bring."""

from written_models import BASE, reading


def test_a_base_of_a_library_names_its_table_and_a_class_may_say_otherwise(tmp_path):
    files = {
        "app/base.py": BASE,
        "app/models.py": """
        from fastapi_users.db import SQLAlchemyBaseUserTableUUID
        from fastapi_users_db_sqlalchemy import SQLAlchemyBaseOAuthAccountTableUUID
        from sqlalchemy import String
        from sqlalchemy.orm import Mapped, mapped_column
        from app.base import Base

        class User(SQLAlchemyBaseUserTableUUID, Base):
            is_active: Mapped[str | None] = mapped_column(String(9))
            nick: Mapped[str]

        class Account(SQLAlchemyBaseOAuthAccountTableUUID, Base):
            __tablename__ = "accounts"
        """,
    }
    accounts, user = reading(tmp_path, files).schema.tables
    assert (accounts.name, user.name, accounts.open, user.open) == ("accounts", "user", False, False)
    assert [field.name for field in user.fields][-2:] == ["is_verified", "nick"]
    assert user.field("is_active").optional


def test_a_base_of_a_library_computes_the_name_and_mixins_of_it_bring_columns(tmp_path):
    files = {
        "app/models.py": """
        from flask_appbuilder import Model
        from flask_appbuilder.models.mixins import AuditMixin
        from sqlalchemy import Column, Integer

        class ContactGroup(AuditMixin, Model):
            id = Column(Integer, primary_key=True)
        """,
    }
    (group,) = reading(tmp_path, files).schema.tables
    assert (group.name, group.open) == ("contact_group", False)
    assert {field.name for field in group.fields} >= {"id", "created_on", "changed_by_fk"}


def test_a_known_base_of_a_library_brings_its_columns_and_configuration_adds_more(tmp_path):
    files = {
        "app/base.py": BASE,
        "app/models.py": """
        from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID
        from company.models import Tracked
        from app.base import Base

        class User(SQLAlchemyBaseUserTableUUID, Tracked, Base):
            __tablename__ = "user"
        """,
    }
    from instar.config import BaseConfig

    (user,) = reading(tmp_path, files).schema.tables
    assert {field.name for field in user.fields} >= {"id", "email", "hashed_password", "is_active"}
    assert user.open
    known = {
        "company.models.Tracked": BaseConfig(
            columns={"seen_at": "DateTime(timezone=True) not null"}, model=False
        )
    }
    (user,) = reading(tmp_path, files, bases=known).schema.tables
    assert not user.open
    assert not user.field("seen_at").optional
