"""Base classes and mixins of well-known libraries, and the columns that they bring to a model.

`[tool.instar.bases]` extends the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.config import BaseConfig

if TYPE_CHECKING:
    from collections.abc import Mapping


def _mixin(columns: dict[str, str], table: str | None = None) -> BaseConfig:
    return BaseConfig(columns=columns, table=table, model=False)


_UUID_KEY = {"id": "Uuid primary_key default uuid.uuid4"}
_NUMBER_KEY = {"id": "Integer primary_key"}
_BIG_KEY = {"id": "BigInteger primary_key"}

_USERS = {
    "email": "String(length=320) unique index not null",
    "hashed_password": "String(length=1024) not null",
    "is_active": "Boolean not null default True",
    "is_superuser": "Boolean not null default False",
    "is_verified": "Boolean not null default False",
}
_OAUTH = {
    "oauth_name": "String(length=100) index not null",
    "access_token": "String(length=1024) not null",
    "expires_at": "Integer",
    "refresh_token": "String(length=1024)",
    "account_id": "String(length=320) index not null",
    "account_email": "String(length=320) not null",
}
_OAUTH_UUID = _UUID_KEY | {"user_id": "Uuid not null references user.id ondelete cascade"} | _OAUTH
_TOKEN = {
    "token": "String(length=43) primary_key",
    "created_at": "TIMESTAMP(timezone=True) index not null default now",
}
_TOKEN_UUID = _TOKEN | {"user_id": "Uuid not null references user.id ondelete cascade"}
_FASTAPI_USERS = {
    "SQLAlchemyBaseUserTable": _mixin(_USERS, "user"),
    "SQLAlchemyBaseUserTableUUID": _mixin(_UUID_KEY | _USERS, "user"),
    "SQLAlchemyBaseOAuthAccountTable": _mixin(_OAUTH, "oauth_account"),
    "SQLAlchemyBaseOAuthAccountTableUUID": _mixin(_OAUTH_UUID, "oauth_account"),
    "access_token.SQLAlchemyBaseAccessTokenTable": _mixin(_TOKEN, "accesstoken"),
    "access_token.SQLAlchemyBaseAccessTokenTableUUID": _mixin(_TOKEN_UUID, "accesstoken"),
}

_FAB_AUDIT = {
    "created_on": "DateTime",
    "changed_on": "DateTime",
    "created_by_fk": "Integer references ab_user.id",
    "changed_by_fk": "Integer references ab_user.id",
}

_AUDIT = {
    "created_at": "DateTime(timezone=True) not null",
    "updated_at": "DateTime(timezone=True) not null",
}
_ADVANCED = {
    "UUID": _UUID_KEY,
    "UUIDv6": _UUID_KEY,
    "UUIDv7": _UUID_KEY,
    "NanoID": {"id": "String primary_key"},
    "BigInt": _BIG_KEY,
    "Identity": _BIG_KEY,
}

_FS_ROLE = _NUMBER_KEY | {
    "name": "String(length=80) not null unique",
    "description": "String(length=255)",
    "permissions": "UnicodeText",
    "update_datetime": "DateTime not null",
}
_FS_USER = _NUMBER_KEY | {
    "email": "String(length=255) not null unique",
    "username": "String(length=255)",
    "password": "String(length=255) not null",
    "active": "Boolean not null",
    "fs_uniquifier": "String(length=64) not null unique",
    "confirmed_at": "DateTime",
    "last_login_at": "DateTime",
    "current_login_at": "DateTime",
    "last_login_ip": "String(length=64)",
    "current_login_ip": "String(length=64)",
    "login_count": "Integer",
    "tf_primary_method": "String(length=64)",
    "tf_totp_secret": "String(length=255)",
    "tf_phone_number": "String(length=128)",
    "create_datetime": "DateTime not null",
    "update_datetime": "DateTime not null",
}
_FS_USER_2 = _FS_USER | {
    "username": "String(length=255) unique",
    "us_totp_secrets": "Text",
    "us_phone_number": "String(length=128)",
}
_FS_USER_3 = _FS_USER_2 | {
    "fs_webauthn_user_handle": "String(length=64) unique",
    "mf_recovery_codes": "UnicodeText",
    "password": "String(length=255)",
    "us_phone_number": "String(length=128) unique",
}

_OAUTH2_CLIENT = {
    "client_id": "String(length=48) index",
    "client_secret": "String(length=120)",
    "client_id_issued_at": "Integer not null default 0",
    "client_secret_expires_at": "Integer not null default 0",
    "client_metadata": "Text",
}
_OAUTH2_CODE = {
    "code": "String(length=120) not null unique",
    "client_id": "String(length=48)",
    "redirect_uri": "Text default ''",
    "response_type": "Text default ''",
    "scope": "Text default ''",
    "nonce": "Text",
    "auth_time": "Integer not null default time.time",
    "acr": "Text",
    "amr": "Text",
    "code_challenge": "Text",
    "code_challenge_method": "String(length=48)",
}
_OAUTH2_TOKEN = {
    "client_id": "String(length=48)",
    "token_type": "String(length=40)",
    "access_token": "String(length=255) not null unique",
    "refresh_token": "String(length=255) index",
    "scope": "Text default ''",
    "issued_at": "Integer not null default time.time",
    "access_token_revoked_at": "Integer not null default 0",
    "refresh_token_revoked_at": "Integer not null default 0",
    "expires_in": "Integer not null default 0",
}
_TIMESTAMP = _mixin({"created": "DateTime not null", "updated": "DateTime not null"})

LIBRARY_BASES: Mapping[str, BaseConfig] = {
    **{f"fastapi_users_db_sqlalchemy.{name}": base for name, base in _FASTAPI_USERS.items()},
    **{f"fastapi_users.db.{name}": base for name, base in _FASTAPI_USERS.items()},
    "flask_appbuilder.Model": BaseConfig(tablename="snake"),
    "flask_appbuilder.models.sqla.Model": BaseConfig(tablename="snake"),
    "flask_appbuilder.models.mixins.AuditMixin": _mixin(_FAB_AUDIT),
    **{
        f"advanced_alchemy.base.{name}Base": BaseConfig(columns=key, tablename="snake")
        for name, key in _ADVANCED.items()
    },
    **{
        f"advanced_alchemy.base.{name}AuditBase": BaseConfig(columns=key | _AUDIT, tablename="snake")
        for name, key in _ADVANCED.items()
    },
    "advanced_alchemy.base.DefaultBase": BaseConfig(tablename="snake"),
    "sqlalchemy_utils.Timestamp": _TIMESTAMP,
    "sqlalchemy_utils.models.Timestamp": _TIMESTAMP,
    "oslo_db.sqlalchemy.models.ModelBase": _mixin({}),
    "oslo_db.sqlalchemy.models.TimestampMixin": _mixin({"created_at": "DateTime", "updated_at": "DateTime"}),
    "oslo_db.sqlalchemy.models.SoftDeleteMixin": _mixin({"deleted_at": "DateTime", "deleted": "Integer"}),
    "neutron_lib.db.model_base.BASEV2": BaseConfig(tablename="plural"),
    "neutron_lib.db.model_base.HasId": _mixin({"id": "String(length=36) primary_key default generate_uuid"}),
    "neutron_lib.db.model_base.HasProject": _mixin({"project_id": "String(length=255) index"}),
    "neutron_lib.db.model_base.HasProjectNoIndex": _mixin({"project_id": "String(length=255)"}),
    "neutron_lib.db.model_base.HasProjectPrimaryKey": _mixin(
        {"project_id": "String(length=255) primary_key"}
    ),
    "neutron_lib.db.model_base.HasStatusDescription": _mixin(
        {"status": "String(length=16) not null", "status_description": "String(length=255)"}
    ),
    "neutron_lib.db.standard_attr.HasStandardAttributes": _mixin(
        {
            "standard_attr_id": "BigInteger not null unique references standardattributes.id ondelete cascade",
        }
    ),
    "authlib.integrations.sqla_oauth2.OAuth2ClientMixin": _mixin(_OAUTH2_CLIENT),
    "authlib.integrations.sqla_oauth2.OAuth2AuthorizationCodeMixin": _mixin(_OAUTH2_CODE),
    "authlib.integrations.sqla_oauth2.OAuth2TokenMixin": _mixin(_OAUTH2_TOKEN),
    "flask_dance.consumer.storage.sqla.OAuthConsumerMixin": _mixin(
        _NUMBER_KEY
        | {
            "provider": "String(length=50) not null",
            "created_at": "DateTime not null default datetime.utcnow",
            "token": "JSON not null",
        }
    ),
    "flask_security.models.fsqla.FsRoleMixin": _mixin(_FS_ROLE),
    "flask_security.models.fsqla_v2.FsRoleMixin": _mixin(_FS_ROLE),
    "flask_security.models.fsqla_v3.FsRoleMixin": _mixin(_FS_ROLE),
    "flask_security.models.fsqla.FsUserMixin": _mixin(_FS_USER),
    "flask_security.models.fsqla_v2.FsUserMixin": _mixin(_FS_USER_2),
    "flask_security.models.fsqla_v3.FsUserMixin": _mixin(_FS_USER_3),
}
"""Qualified base class to what it brings; also matched by the library and the last name (re-exports).

A column is written `TYPE [primary_key] [not null] [unique] [index] [default VALUE] [references TABLE.COLUMN [ondelete ACTION]]`.
"""
