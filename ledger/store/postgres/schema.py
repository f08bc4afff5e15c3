"""The tables in PostgreSQL: functions, triggers and grants around what `tables` declares.

Three roles: the owner (makes and migrates, never serves), the writer (SELECT and INSERT, the head's UPDATE, and one
function that erases a disclosure), and whatever administrates the server. Triggers are ENABLE ALWAYS, so that they
stand under `session_replication_role` too; they keep the owner from a slip, grants keep the writer from the rest.
A ledger lives in the first schema of its connection's search path.
"""

from dataclasses import dataclass

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from ledger.store.tables import LEDGER_TABLES

TOKEN_TABLE = "access_token"  # noqa: S105  a table's name
ERASE = "erase_disclosure"
_TOKENS = f"""
CREATE TABLE {TOKEN_TABLE} (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    id text NOT NULL UNIQUE,
    scope text NOT NULL CHECK (scope IN ('party', 'auditor')),
    party text NOT NULL CHECK ((scope = 'party') = (party <> '')),
    label text NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
)
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the ledger's schema. `definer` runs as the owner."""

    name: str
    arguments: str
    returns: str
    body: str
    definer: bool = False

    def create(self, schema: str) -> str:
        """Its search path is fixed: a temporary table of the caller's cannot stand in for one of ours."""
        security = "SECURITY DEFINER" if self.definer else "SECURITY INVOKER"
        return (
            f"CREATE FUNCTION {self.name}({self.arguments}) RETURNS {self.returns} LANGUAGE plpgsql {security} "
            f"SET search_path = {schema}, pg_temp AS $coilmark${self.body}$coilmark$"
        )


FUNCTIONS = (
    Function("refuse", "", "trigger", "BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END"),
    Function(
        "head_forward",
        "",
        "trigger",
        "BEGIN IF new.size <= old.size OR new.id <> old.id THEN "
        "RAISE EXCEPTION 'the head moves forward only'; END IF; RETURN new; END",
    ),
    Function(
        "entry_no_gap",
        "",
        "trigger",
        'DECLARE low bigint; high bigint; many bigint; BEGIN SELECT min("index"), max("index"), count(*) '
        "INTO low, high, many FROM added; "
        "IF many > 0 AND (high - low + 1 <> many OR low <> "
        'coalesce((SELECT max(e."index") + 1 FROM entry e WHERE e."index" < low), 0)) THEN '
        "RAISE EXCEPTION 'entry indices are contiguous'; END IF; RETURN NULL; END",
    ),
    Function(
        ERASE,
        "which bigint, what text",
        "void",
        'BEGIN DELETE FROM disclosure d WHERE d."index" = which AND d.text = what; END',
        definer=True,
    ),
)


def _refusing(name: str, when: str, table: str, says: str) -> tuple[str, str, str]:
    return name, f"BEFORE {when} ON {table} FOR EACH STATEMENT", f"refuse('{says}')"


_TRIGGERS = (
    *(
        _refusing(f"{table}_append_only", "DELETE OR UPDATE OR TRUNCATE", table, f"{table} is append-only")
        for table in ("entry", "subject_version", "event", "state_record", "lot_tag", "stamp")
    ),
    _refusing("disclosure_fixed", "UPDATE OR TRUNCATE", "disclosure", "disclosure is fixed"),
    _refusing("head_stays", "DELETE OR TRUNCATE", "head", "the head is moved, never removed"),
    ("head_only_forward", "BEFORE UPDATE ON head FOR EACH ROW", "head_forward()"),
    (
        "entry_contiguous",
        "AFTER INSERT ON entry REFERENCING NEW TABLE AS added FOR EACH STATEMENT",
        "entry_no_gap()",
    ),
)


def triggers(schema: str) -> dict[str, str]:
    """Every trigger by name, in the words of pg_get_triggerdef: opening compares them with what the database holds."""
    return {
        name: f"CREATE TRIGGER {name} {where.replace(' ON ', f' ON {schema}.')} EXECUTE FUNCTION {call}"
        for name, where, call in _TRIGGERS
    }


def table_of(trigger: str) -> str:
    """The table that a trigger of ours is on."""
    (where,) = (where for name, where, _ in _TRIGGERS if name == trigger)
    return where.split(" ON ")[1].split()[0]


def making(schema: str, writer: str) -> list[str]:
    """All statements that make an empty ledger. `schema` and `writer` are quoted identifiers."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    made = [SQLModel.metadata.tables[name] for name in LEDGER_TABLES]
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in made]
    statements += [str(CreateIndex(index).compile(dialect=dialect)) for table in made for index in table.indexes]
    statements.append(_TOKENS)
    statements += [function.create(schema) for function in FUNCTIONS]
    for name, text in triggers(schema).items():
        statements += [text, f"ALTER TABLE {table_of(name)} ENABLE ALWAYS TRIGGER {name}"]
    return [*statements, *grants(schema, writer)]


def grants(schema: str, writer: str) -> list[str]:
    """What the writing role may do, and nobody else."""
    ledger = ", ".join(LEDGER_TABLES)
    return [
        f"REVOKE ALL ON {ledger}, {TOKEN_TABLE} FROM PUBLIC",
        *(f"REVOKE ALL ON FUNCTION {one.name} FROM PUBLIC" for one in FUNCTIONS),
        f"GRANT USAGE ON SCHEMA {schema} TO {writer}",
        f"GRANT SELECT ON {ledger} TO {writer}",
        f"GRANT INSERT ON entry, disclosure, subject_version, event, state_record, lot_tag, head TO {writer}",
        f"GRANT UPDATE ON head TO {writer}",
        f"GRANT SELECT, INSERT, UPDATE (revoked_at) ON {TOKEN_TABLE} TO {writer}",
        f"GRANT EXECUTE ON FUNCTION {ERASE} TO {writer}",
    ]
