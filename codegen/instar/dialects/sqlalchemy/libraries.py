"""Column types of well-known libraries: what they store."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
