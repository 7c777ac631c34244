"""What well-known libraries bring to a model: types that decorate others, and bases with columns of their own.

`[tool.instar.bases]` extends the table of bases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.config import BaseConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar.dialects.sqlalchemy.types import Argument


LIBRARY_TYPES: Mapping[str, tuple[str, dict[str, Argument]]] = {
    "sqlalchemy_utils.EmailType": ("sqlalchemy.String", {"length": 255}),
    "sqlalchemy_utils.URLType": ("sqlalchemy.UnicodeText", {}),
    "sqlalchemy_utils.ArrowType": ("sqlalchemy.DateTime", {}),
    "sqlalchemy_utils.UUIDType": ("sqlalchemy.Uuid", {}),
    "sqlalchemy_utils.JSONType": ("sqlalchemy.JSON", {}),
    "sqlalchemy_utils.IPAddressType": ("sqlalchemy.Unicode", {"length": 50}),
    "sqlalchemy_utils.ColorType": ("sqlalchemy.Unicode", {"length": 20}),
    "sqlalchemy_utils.LocaleType": ("sqlalchemy.Unicode", {"length": 10}),
    "sqlalchemy_utils.TimezoneType": ("sqlalchemy.Unicode", {"length": 50}),
    "sqlalchemy_utils.CountryType": ("sqlalchemy.String", {"length": 2}),
    "sqlalchemy_utils.CurrencyType": ("sqlalchemy.String", {"length": 3}),
    "sqlalchemy_utils.PhoneNumberType": ("sqlalchemy.Unicode", {"length": 20}),
    "sqlalchemy_utils.EnrichedDateTimeType": ("sqlalchemy.DateTime", {}),
    "sqlalchemy_utils.ScalarListType": ("sqlalchemy.UnicodeText", {}),
    "sqlalchemy_utils.TSVectorType": ("sqlalchemy.dialects.postgresql.TSVECTOR", {}),
    "fastapi_users_db_sqlalchemy.generics.GUID": ("sqlalchemy.Uuid", {}),
    "fastapi_users_db_sqlalchemy.GUID": ("sqlalchemy.Uuid", {}),
    "fastapi_users_db_sqlalchemy.generics.TIMESTAMPAware": ("sqlalchemy.TIMESTAMP", {"timezone": True}),
    "sqlmodel.sql.sqltypes.GUID": ("sqlalchemy.Uuid", {}),
    "advanced_alchemy.types.GUID": ("sqlalchemy.Uuid", {}),
    "advanced_alchemy.types.DateTimeUTC": ("sqlalchemy.DateTime", {"timezone": True}),
    "advanced_alchemy.types.JsonB": ("sqlalchemy.JSON", {}),
    "advanced_alchemy.types.BigIntIdentity": ("sqlalchemy.BigInteger", {}),
    "sqlalchemy_utc.UtcDateTime": ("sqlalchemy.DateTime", {"timezone": True}),
    "sqlalchemy_json.MutableJson": ("sqlalchemy.JSON", {}),
    "sqlalchemy_json.NestedMutableJson": ("sqlalchemy.JSON", {}),
}
"""Decorators of well-known libraries: what they store. Matched by the library and the last name."""

_USERS = {
    "email": "String(length=320) unique index not null",
    "hashed_password": "String(length=1024) not null",
    "is_active": "Boolean not null",
    "is_superuser": "Boolean not null",
    "is_verified": "Boolean not null",
}
_OAUTH = {
    "oauth_name": "String(length=100) index not null",
    "access_token": "String(length=1024) not null",
    "expires_at": "Integer",
    "refresh_token": "String(length=1024)",
    "account_id": "String(length=320) index not null",
    "account_email": "String(length=320) not null",
}
_UUID_KEY = {"id": "Uuid primary_key"}
_AUDIT = {
    "created_at": "DateTime(timezone=True) not null",
    "updated_at": "DateTime(timezone=True) not null",
}
_FAB_AUDIT = {
    "created_on": "DateTime",
    "changed_on": "DateTime",
    "created_by_fk": "Integer references ab_user.id",
    "changed_by_fk": "Integer references ab_user.id",
}

LIBRARY_BASES: Mapping[str, BaseConfig] = {
    "fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTable": BaseConfig(columns=_USERS, model=False),
    "fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTableUUID": BaseConfig(
        columns=_UUID_KEY | _USERS, model=False
    ),
    "fastapi_users_db_sqlalchemy.SQLAlchemyBaseOAuthAccountTable": BaseConfig(columns=_OAUTH, model=False),
    "fastapi_users_db_sqlalchemy.SQLAlchemyBaseOAuthAccountTableUUID": BaseConfig(
        columns=_UUID_KEY | {"user_id": "Uuid not null references user.id ondelete cascade"} | _OAUTH,
        model=False,
    ),
    "fastapi_users_db_sqlalchemy.access_token.SQLAlchemyBaseAccessTokenTable": BaseConfig(
        columns={
            "token": "String(length=43) primary_key",
            "created_at": "TIMESTAMP(timezone=True) index not null",
        },
        model=False,
    ),
    "fastapi_users_db_sqlalchemy.access_token.SQLAlchemyBaseAccessTokenTableUUID": BaseConfig(
        columns={
            "token": "String(length=43) primary_key",
            "created_at": "TIMESTAMP(timezone=True) index not null",
            "user_id": "Uuid not null references user.id ondelete cascade",
        },
        model=False,
    ),
    "flask_appbuilder.Model": BaseConfig(tablename="snake"),
    "flask_appbuilder.models.sqla.Model": BaseConfig(tablename="snake"),
    "flask_appbuilder.models.mixins.AuditMixin": BaseConfig(columns=_FAB_AUDIT, model=False),
    "advanced_alchemy.base.UUIDBase": BaseConfig(columns=_UUID_KEY, tablename="snake"),
    "advanced_alchemy.base.UUIDAuditBase": BaseConfig(columns=_UUID_KEY | _AUDIT, tablename="snake"),
    "advanced_alchemy.base.BigIntBase": BaseConfig(
        columns={"id": "BigInteger primary_key"}, tablename="snake"
    ),
    "advanced_alchemy.base.BigIntAuditBase": BaseConfig(
        columns={"id": "BigInteger primary_key"} | _AUDIT, tablename="snake"
    ),
    "advanced_alchemy.base.DefaultBase": BaseConfig(tablename="snake"),
    "sqlalchemy_utils.Timestamp": BaseConfig(
        columns={"created": "DateTime not null", "updated": "DateTime not null"}, model=False
    ),
    "sqlalchemy_utils.models.Timestamp": BaseConfig(
        columns={"created": "DateTime not null", "updated": "DateTime not null"}, model=False
    ),
}
"""Qualified base class to what it brings; also matched by the library and the last name (re-exports).

A column is written `TYPE [primary_key] [not null] [unique] [index] [references TABLE.COLUMN [ondelete ACTION]]`.
"""
