"""Which schema a database has, and what is said of one that this program does not serve."""

from ledger.kernel.errors import Conflict, Damaged
from ledger.store.tables import SCHEMA_VERSION


def require_schema(stamped: str | None) -> None:
    """Opening never migrates. Raises Conflict with the command that does, and what `known_version` raises."""
    if (version := known_version(stamped)) != SCHEMA_VERSION:
        raise Conflict(
            "schema_old",
            f"{_needs(stamped)}: stop all servers, make a backup, and let `coilmark migrate` bring it there",
            version=version,
        )


def known_version(stamped: str | None) -> int:
    """The version a stamp names. Raises Damaged for none, and for one that this program does not know yet."""
    if stamped is None or not stamped.isdecimal() or not 1 <= int(stamped) <= SCHEMA_VERSION:
        raise Damaged("schema_version", f"{_needs(stamped)}: it belongs to a newer program, or was edited")
    return int(stamped)


def _needs(stamped: str | None) -> str:
    return f"the database has schema version {stamped}, this program needs {SCHEMA_VERSION}"
