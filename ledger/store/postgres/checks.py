"""What start-up asks of a PostgreSQL before it believes it: settings, roles, triggers, version. Nothing is repaired."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import psycopg

from ledger.kernel.errors import Damaged, Missing
from ledger.store.postgres.schema import FUNCTIONS, TOKEN_TABLE, triggers
from ledger.store.schema_version import require_schema
from ledger.store.tables import LEDGER_TABLES

OLDEST = 150_000
MISSING = "is missing"
Connection = psycopg.Connection[tuple[Any, ...]]
# Setting: the values that keep what the ledger promises, and what to do where it has another.
_SETTINGS = {
    "fsync": (("on",), "set fsync = on in postgresql.conf: without it an acknowledged statement can be lost"),
    "full_page_writes": (("on",), "set full_page_writes = on in postgresql.conf: without it a page can be torn"),
    "synchronous_commit": (
        ("on", "remote_apply"),
        "set synchronous_commit = on for its role, database or server: a commit is answered before it is durable",
    ),
    "data_sync_retry": (("off",), "set data_sync_retry = off: a failed sync must not be tried again and believed"),
    "zero_damaged_pages": (("off",), "set zero_damaged_pages = off: a damaged page must not be emptied"),
    "ignore_checksum_failure": (("off",), "set ignore_checksum_failure = off: a damaged page must not be believed"),
    "server_encoding": (("UTF8",), "create the database with ENCODING 'UTF8'"),
}
_HERE = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
_ATTRIBUTES = {
    "rolsuper": "is a superuser and could switch every safeguard off",
    "rolcreaterole": "may create roles and could give itself the owner's",
}
_ROLE_OF_ITS_OWN = "let the server connect as a role made for it, which `coilmark init` grants what it needs"
_SERVER_FILES = ("pg_write_server_files", "pg_execute_server_program")
_NAMES = ", ".join(f"'{name}'" for name in (*LEDGER_TABLES, TOKEN_TABLE))
_FUNCTIONS = ", ".join(f"'{one.name}'" for one in FUNCTIONS)
_OWNED = (
    "SELECT 'owns the table ' || relname, 'drop its triggers' FROM pg_class WHERE "
    f"pg_has_role(session_user, relowner, 'MEMBER') AND relnamespace = {_HERE} AND relname IN ({_NAMES}) "
    "UNION ALL SELECT 'owns the function ' || proname, 'make it anew' FROM pg_proc WHERE "
    f"pg_has_role(session_user, proowner, 'MEMBER') AND pronamespace = {_HERE} AND proname IN ({_FUNCTIONS}) "
    "UNION ALL SELECT 'owns the schema ' || nspname, 'drop what is in it' FROM pg_namespace WHERE "
    "pg_has_role(session_user, nspowner, 'MEMBER') AND nspname = current_schema() "
    "UNION ALL SELECT 'owns the database ' || datname, 'drop it' FROM pg_database WHERE "
    "pg_has_role(session_user, datdba, 'MEMBER') AND datname = current_database() ORDER BY 1"
)
# What a membership does not hand on by itself, attributes and what is not inherited, SET ROLE gives.
_OF_ROLE_OR_ITS_ROLES = (
    "SELECT CASE WHEN rolname = %(role)s THEN '' ELSE quote_ident(rolname) END FROM pg_roles r "
    "WHERE pg_has_role(%(role)s::name, r.oid, 'MEMBER') AND ({holds}) ORDER BY rolname <> %(role)s, rolname LIMIT 1"
)
_BY_COLUMN = {"INSERT", "UPDATE", "REFERENCES"}
_FORBIDDEN = {
    **dict.fromkeys(LEDGER_TABLES, ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")),
    "head": ("DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"),
    "stamp": ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"),
    TOKEN_TABLE: ("DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"),
}


def check_database(connection: Connection) -> Mapping[str, str]:
    """The stamps, once all is as it must be.

    Raises Missing where there is no ledger, Conflict where it is to be migrated, Damaged naming what to change.
    """
    check_settings(connection)
    require_ledger(connection)
    stamps = check_schema(connection)
    check_role(connection)
    for name, _ in differing(connection):
        raise Damaged("triggers", f"trigger {name} is not as this program made it; the tables may have been edited")
    return stamps


def check_schema(connection: Connection) -> Mapping[str, str]:
    """The stamps of a ledger whose schema this program serves. Raises Conflict for an older one, Damaged."""
    try:
        stamps = {str(name): str(value) for name, value in connection.execute("SELECT name, value FROM stamp")}
    except psycopg.errors.InsufficientPrivilege as error:
        says = f"the role {connection.info.user} may not read the ledger's tables"
        raise Damaged("role", f"{says}; connect as the role that `coilmark init` was given with --database") from error
    require_schema(stamps.get("schema"))
    return stamps


def require_ledger(connection: Connection) -> None:
    """Opening never creates. Raises Missing with the command that does."""
    if not has_ledger(connection):
        schema, database = _one(connection, "SELECT current_schema(), current_database()")
        raise Missing(
            "no_ledger", f"there is no ledger in schema {schema} of database {database}; `coilmark init` creates one"
        )


def require_owner(connection: Connection) -> None:
    """For who changes tables. Raises Damaged with the option that names who may."""
    sql = f"SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE relname = 'stamp' AND relnamespace = {_HERE}"
    if not _one(connection, sql)[0]:
        says = f"the role {connection.info.user} does not own the ledger's tables and may not change them"
        raise Damaged("role", f"{says}; name the role that does with --owner-database")


def has_ledger(connection: Connection) -> bool:
    """Whether the tables are there, whatever this role may see of them."""
    sql = f"SELECT count(*) FROM pg_class WHERE relname = 'stamp' AND relnamespace = {_HERE}"
    schema, _ = _one(connection, "SELECT current_schema(), 1")
    return schema is not None and _one(connection, sql)[0] == 1


def check_settings(connection: Connection) -> None:
    """Raises Damaged with a sentence that says what to change."""
    version = connection.info.server_version
    if version < OLDEST:
        raise Damaged("settings", f"this is PostgreSQL {version // 10_000}; 15 or newer is needed")
    for name, (good, change) in _SETTINGS.items():
        (seen,) = _one(connection, "SELECT current_setting(%s, true)", name)
        if seen not in good:
            raise Damaged("settings", f"PostgreSQL has {name} = {seen}; {change}")


def check_role(connection: Connection) -> None:
    """The writing role must not be able to undo what keeps history. Raises Damaged with what it can, and the remedy."""
    role = _role(connection)
    of_tables = (
        _found(who, f"may {privilege} on {table}", f"REVOKE {privilege} ON {table} FROM it, and from PUBLIC")
        for who, table, privilege in _too_much_of_tables(connection, role)
    )
    _refuse(role, chain(_too_much(connection, role), of_tables))


def check_before(connection: Connection) -> None:
    """Settings and role as far as they can be told before there are tables. Raises Damaged."""
    check_settings(connection)
    role = _role(connection)
    _refuse(role, _too_much(connection, role))


def check_made(connection: Connection, role: str) -> None:
    """What the writing role may do to tables that another is making: default privileges come with them. Raises Damaged.

    In the transaction that makes them, so that a refusal leaves none.
    """
    change = "take it back with ALTER DEFAULT PRIVILEGES of their owner, or out of the role that gives it this"
    of_tables = (
        _found(who, f"could {privilege} on {table} as soon as the tables are there", change)
        for who, table, privilege in _too_much_of_tables(connection, role)
    )
    _refuse(role, of_tables)


def _refuse(role: str, found: Iterable[tuple[str, str]]) -> None:
    for too_much, remedy in found:
        raise Damaged("role", f"the role {role} {too_much}; {remedy}")


def _found(who: str, too_much: str, remedy: str) -> tuple[str, str]:
    """What a role can do, for a sentence that begins with its name, and the remedy; for `who` see `_who`."""
    return (f"is a member of {who}, which {too_much}", f"REVOKE {who} FROM it") if who else (too_much, remedy)


def _role(connection: Connection) -> str:
    """The role that logged in. A setting may let the session run as another one, but RESET ROLE leads back to this."""
    return str(_one(connection, "SELECT session_user")[0])


def _too_much(connection: Connection, role: str) -> Iterator[tuple[str, str]]:
    yield from _powers(connection, role)
    yield from _owned(connection)
    who = _who(connection, role, "has_schema_privilege(r.oid, current_schema(), 'CREATE')")
    if who is not None:
        remedy = "REVOKE CREATE ON SCHEMA … FROM it, and from PUBLIC"
        yield _found(who, "may create objects in the ledger's schema", remedy)
    who = _who(connection, role, "has_parameter_privilege(r.oid, 'session_replication_role', 'SET')")
    if who is not None:
        remedy = "REVOKE SET ON PARAMETER session_replication_role FROM it"
        yield _found(who, "may set session_replication_role", remedy)


def _too_much_of_tables(connection: Connection, role: str) -> Iterator[tuple[str, str, str]]:
    """Who has it (see `_who`), a table, and a privilege on it or on a column of it that nobody who writes may have."""
    for table, privileges in _FORBIDDEN.items():
        for privilege in privileges:
            asked = "has_any_column_privilege" if privilege in _BY_COLUMN else "has_table_privilege"
            who = _who(connection, role, f"{asked}(r.oid, '{table}', '{privilege}')")
            if who is not None:
                yield who, table, privilege


def _powers(connection: Connection, role: str) -> Iterator[tuple[str, str]]:
    """Attributes and memberships that lead around every grant."""
    for attribute, too_much in _ATTRIBUTES.items():
        who = _who(connection, role, attribute)
        if who is not None:
            yield _found(who, too_much, _ROLE_OF_ITS_OWN)
    for files in _SERVER_FILES:
        if _one(connection, "SELECT pg_has_role(session_user, %s, 'MEMBER')", files)[0]:
            yield f"is a member of {files} and could change the server's files", _ROLE_OF_ITS_OWN


def _owned(connection: Connection) -> Iterator[tuple[str, str]]:
    """What its owner could drop or make anew."""
    for what, do in connection.execute(_OWNED).fetchall():
        yield f"{what} and could {do}", _ROLE_OF_ITS_OWN


def _who(connection: Connection, role: str, holds: str) -> str | None:
    """Of which role the SQL condition `holds` is true; None where it is of none.

    "" is `role` itself, which comes first; else a role of which it is a member, its name quoted where SQL needs that.
    """
    row = connection.execute(_OF_ROLE_OR_ITS_ROLES.format(holds=holds).encode(), {"role": role}).fetchone()
    return None if row is None else str(row[0])


def differing(connection: Connection) -> list[tuple[str, str]]:
    """Triggers and functions that are not as this program makes them: name, and how."""
    (schema,) = _one(connection, "SELECT quote_ident(current_schema())")
    return [
        (name, MISSING if name not in found else "is not as made" if name in wanted else "is not ours")
        for found, wanted in ((_triggers(connection), _enabled(schema)), (_functions(connection), _bodies(schema)))
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ] + [(name, "is not ours") for name in _rules(connection)]


def _enabled(schema: str) -> dict[str, str]:
    return {name: f"A {text}" for name, text in triggers(schema).items()}


def _triggers(connection: Connection) -> dict[str, str]:
    sql = (
        "SELECT t.tgname, t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid) FROM pg_trigger t "
        f"JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = {_HERE} "
        "AND c.relname = ANY(%s) AND NOT t.tgisinternal"
    )
    return dict(connection.execute(sql, [list(LEDGER_TABLES)]).fetchall())


def _rules(connection: Connection) -> list[str]:
    """Rules and policies stand before triggers: there are none on our tables."""
    sql = (
        "SELECT r.rulename::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class "
        f"WHERE c.relnamespace = {_HERE} AND c.relname = ANY(%s) "
        "UNION ALL SELECT p.polname::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
        f"WHERE c.relnamespace = {_HERE} AND c.relname = ANY(%s) ORDER BY 1"
    )
    return [name for (name,) in connection.execute(sql, [list(LEDGER_TABLES)] * 2)]


def _bodies(schema: str) -> dict[str, str]:
    return {one.name: f"{one.definer} search_path={schema}, pg_temp {one.body}" for one in FUNCTIONS}


def _functions(connection: Connection) -> dict[str, str]:
    sql = (
        "SELECT proname, CASE WHEN prosecdef THEN 'True' ELSE 'False' END || ' ' || "
        "coalesce(array_to_string(proconfig, ','), '') || ' ' || prosrc FROM pg_proc "
        f"WHERE pronamespace = {_HERE} AND proname = ANY(%s)"
    )
    return dict(connection.execute(sql, [[one.name for one in FUNCTIONS]]).fetchall())


def _one(connection: Connection, sql: str, *parameters: object) -> tuple[Any, ...]:
    row = connection.execute(sql, parameters).fetchone()
    return row if row is not None else (None,)
