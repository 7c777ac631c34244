"""What databases can be asked about their health: replica lag, blocked sessions, and a query of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.backfill.backends import backend_of
from instar.backfill.connecting import parse_url, reading
from instar.backfill.throttle import Gauge, gauge, parse_lag
from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from instar.backfill.backends.base import Backend
    from instar.backfill.options import Options

# On the primary: NULL where a replica's position is hidden from this user, which stops the work.
_PRIMARY_SECONDS = (
    "SELECT CASE WHEN bool_or(replay_lsn IS NULL) THEN NULL ELSE max(CASE WHEN replay_lsn >= "
    "pg_current_wal_lsn() THEN 0 ELSE COALESCE(extract(epoch FROM replay_lag), 0) END) END "
    "FROM pg_stat_replication"
)
_PRIMARY_BYTES = (
    "SELECT CASE WHEN bool_or(replay_lsn IS NULL) THEN NULL "
    "ELSE max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) END FROM pg_stat_replication"
)
# On the replica: an idle primary would look like an ever growing lag without the comparison.
_REPLICA_SECONDS = (
    "SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL "
    "WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 "
    "ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END"
)
_REPLICA_BYTES = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
_BLOCKED = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0",
    "mariadb": (
        "SELECT variable_value FROM information_schema.global_status "
        "WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'"
    ),
}


def gauges_of(backend: Backend, engine: sa.Engine, options: Options) -> tuple[Gauge, ...]:
    """The gauges that the options ask for.

    Raises:
        InstarError: The backend has no such thing, or a limit cannot be read.
    """
    found: list[Gauge] = []
    if options.max_lag is not None:
        found += _lag(backend, engine, options.max_lag, options.replicas)
    if options.max_blocked is not None:
        if backend.name not in _BLOCKED:
            raise InstarError("SQLite has no sessions to count; leave --max-blocked out.")
        read = _number(engine, _BLOCKED[backend.name])
        limit = options.max_blocked
        found.append(Gauge(name="blocked sessions", limit=limit, resume=limit, read=read))
    if options.throttle_query is not None:
        sql = backend.escape(options.throttle_query)
        found.append(Gauge(name="the throttle query", limit=0, resume=0, read=_number(engine, sql)))
    return tuple(found)


def _lag(backend: Backend, engine: sa.Engine, text: str, replicas: tuple[str, ...]) -> list[Gauge]:
    limit, in_bytes = parse_lag(text)
    if backend.name == "sqlite":
        raise InstarError("SQLite has no replicas; leave --max-lag out.")
    if backend.name == "mariadb" and (in_bytes or not replicas):
        raise InstarError("MariaDB tells its lag in seconds, on the replica: --max-lag 10s --replica URL.")
    engines = []
    for replica in replicas:
        url = parse_url(replica)
        engines.append(backend_of(url).engine(url, lock_timeout=1.0))
    if backend.name == "mariadb":
        return [gauge("replica lag", limit, _seconds_behind(other), "s") for other in engines]
    unit, scale = ("MB", 1024.0**2) if in_bytes else ("s", 1.0)
    primary, replica_sql = (
        (_PRIMARY_BYTES, _REPLICA_BYTES) if in_bytes else (_PRIMARY_SECONDS, _REPLICA_SECONDS)
    )
    readers = [_number(other, replica_sql) for other in engines] or [_number(engine, primary)]
    return [gauge("replica lag", limit / scale, _scaled(read, scale), unit) for read in readers]


def _scaled(read: Callable[[], float | None], scale: float) -> Callable[[], float | None]:
    def scaled() -> float | None:
        value = read()
        return None if value is None else value / scale

    return scaled


def _number(engine: sa.Engine, sql: str) -> Callable[[], float | None]:
    def read() -> float | None:
        with reading(engine) as connection:
            value = connection.exec_driver_sql(sql, ()).scalar()
        return None if value is None else float(value)

    return read


def _seconds_behind(engine: sa.Engine) -> Callable[[], float | None]:
    def read() -> float | None:
        with reading(engine) as connection:
            row = connection.exec_driver_sql("SHOW SLAVE STATUS").mappings().first()
        value = row["Seconds_Behind_Master"] if row else None
        return None if value is None else float(value)

    return read
