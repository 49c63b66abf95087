"""Is the database away, or is something wrong with what we asked of it?

Away means that the same statement may well succeed later: no connection, a lock that is held for too long, a full
disk, a server that only reads after a failover. Everything else (a constraint, a value, SQL) is a fault of ours or of
the message, and waiting mends nothing.
"""

from django.db import DatabaseError, InterfaceError, OperationalError, connection

# SQLSTATE classes (PostgreSQL, appendix A): connection, login, no such database, rolled back for another's sake,
# resources (disk full, too many connections), operator (shutdown, cancelled), system (I/O error).
AWAY_CLASSES = ("08", "28", "3D", "40", "53", "57", "58")
AWAY_STATES = ("25006", "55P03")  # read-only transaction, lock not available
LOST = ("08", "57P")  # the connection, or the server behind it, has gone
# sqlite.org/rescode.html: busy, locked, read-only, I/O error, corrupt, full, cannot open, protocol, not a database
SQLITE_AWAY = (5, 6, 8, 10, 11, 13, 14, 15, 26)


def is_outage(error: BaseException) -> bool:
    """Whether Django's `error` says that the database cannot be used for now."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_AWAY
    if state := _state(error):
        return isinstance(error, DatabaseError) and state.startswith((*AWAY_CLASSES, *AWAY_STATES))
    return isinstance(error, OperationalError | InterfaceError)


def connection_lost(error: BaseException) -> bool:
    """Whether a new connection may help at once. SQLite has no connection to lose."""
    if hasattr(error.__cause__, "sqlite_errorcode"):
        return False
    return isinstance(error, OperationalError | InterfaceError) and _state(error, LOST[0]).startswith(LOST)


def disconnect() -> None:
    """Give up this thread's connection, so that nobody waits for it again: no statement, no check of its health."""
    if not connection.in_atomic_block:
        connection.close()


def _state(error: BaseException, default: str = "") -> str:
    """The server's SQLSTATE; `default` where it gave none, as when it cannot be reached."""
    return getattr(error.__cause__, "sqlstate", None) or default
