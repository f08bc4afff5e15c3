"""The tables, and the triggers that keep them append-only.

Table classes are storage and nothing else: they validate nothing (bodies are validated before they come here) and
never leave `ledger.store`.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

SCHEMA_VERSION = 2
LEDGER_TABLES = ("entry", "disclosure", "subject_version", "event", "state_record", "lot_tag", "head", "stamp")
DERIVED_TABLES = ("state_record", "lot_tag")  # emptied and filled again by `coilmark rebuild`
# A BigInteger primary key is not SQLite's rowid, an Integer is.
_WIDE = BigInteger().with_variant(Integer, "sqlite")
# The few entries that say who may sign, and by which rules: read at every start.
_REGISTRY = text("typ IN ('ledger', 'party', 'key', 'notice')")


class EntryRow(SQLModel, table=True):
    """One position: the entry's bytes and all that they commit to."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("entry_registry", "typ", "index", sqlite_where=_REGISTRY, postgresql_where=_REGISTRY),
        {"sqlite_strict": True},
    )

    index: int = Field(sa_column=Column(_WIDE, primary_key=True, autoincrement=False))
    entry: bytes = Field(sa_column=Column(LargeBinary, CheckConstraint("length(entry) = 113"), nullable=False))
    leaf: bytes = Field(sa_column=Column(LargeBinary, CheckConstraint("length(leaf) = 32"), nullable=False))
    typ: str = Field(sa_column=Column(Text, nullable=False))
    request: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    jwt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    seed: bytes = Field(sa_column=Column(LargeBinary, CheckConstraint("length(seed) = 32"), nullable=False))
    items: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DisclosureRow(SQLModel, table=True):
    """One opened digest of one statement. The only ledger rows that a `notice` of erasure removes."""

    __tablename__ = "disclosure"
    __table_args__ = ({"sqlite_strict": True},)

    index: int = Field(sa_column=Column(_WIDE, primary_key=True, autoincrement=False))
    position: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    text: str = Field(sa_column=Column(Text, nullable=False))


class SubjectVersionRow(SQLModel, table=True):
    """Which entry made which version of which subject. Derived from `entry.items`; audit compares."""

    __tablename__ = "subject_version"
    __table_args__ = ({"sqlite_with_rowid": False, "sqlite_strict": True},)

    subject: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    version: int = Field(sa_column=Column(_WIDE, primary_key=True, autoincrement=False))
    index: int = Field(sa_column=Column(_WIDE, nullable=False))


class EventRow(SQLModel, table=True):
    """Which entry holds the event with this key (of issuer and explicit eventID). Derived; audit compares."""

    __tablename__ = "event"
    __table_args__ = ({"sqlite_with_rowid": False, "sqlite_strict": True},)

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    index: int = Field(sa_column=Column(_WIDE, nullable=False))


class StateRecordRow(SQLModel, table=True):
    """What was known of a lot, event, attestation and the like after an entry that changed it. Derived; audit compares.

    The newest row of a key before an index is the state as of that index.
    """

    __tablename__ = "state_record"
    __table_args__ = ({"sqlite_with_rowid": False, "sqlite_strict": True},)

    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    index: int = Field(sa_column=Column(_WIDE, primary_key=True, autoincrement=False))
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class LotTagRow(SQLModel, table=True):
    """Under which words a record of a lot can be looked up, and since which entry. Derived; audit compares."""

    __tablename__ = "lot_tag"
    __table_args__ = ({"sqlite_with_rowid": False, "sqlite_strict": True},)

    tag: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    index: int = Field(sa_column=Column(_WIDE, nullable=False))


class HeadRow(SQLModel, table=True):
    """How far the ledger goes: one row, moved by compare-and-swap in the transaction that adds the entries."""

    __tablename__ = "head"
    __table_args__ = ({"sqlite_strict": True},)

    id: int = Field(sa_column=Column(Integer, CheckConstraint("id = 1"), primary_key=True))
    size: int = Field(sa_column=Column(_WIDE, nullable=False))
    root: bytes = Field(sa_column=Column(LargeBinary, CheckConstraint("length(root) = 32"), nullable=False))


class StampRow(SQLModel, table=True):
    """What this database is: schema version, ledger URI."""

    __tablename__ = "stamp"
    __table_args__ = ({"sqlite_strict": True},)

    name: str = Field(sa_column=Column(Text, primary_key=True))
    value: str = Field(sa_column=Column(Text, nullable=False))


_REFUSE = "BEGIN SELECT RAISE(ABORT, '{0}'); END"


def _append_only(table: str) -> list[str]:
    refuse = _REFUSE.format(f"{table} is append-only")
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
    ]


def sqlite_triggers() -> dict[str, str]:
    """Every trigger by name. Opening compares them with what the database holds.

    REPLACE reaches the delete triggers only under `recursive_triggers`; the guards below catch it without.
    """
    statements = [
        *_append_only("entry"),
        *_append_only("subject_version"),
        *_append_only("event"),
        *_append_only("state_record"),
        *_append_only("lot_tag"),
        *_append_only("stamp"),
        "CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure " + _REFUSE.format("disclosure is fixed"),
        "CREATE TRIGGER head_no_delete BEFORE DELETE ON head " + _REFUSE.format("the head is moved, never removed"),
        "CREATE TRIGGER head_forward BEFORE UPDATE ON head WHEN new.size <= old.size OR new.id <> old.id "
        + _REFUSE.format("the head moves forward only"),
        "CREATE TRIGGER head_once BEFORE INSERT ON head WHEN EXISTS (SELECT 1 FROM head) "
        + _REFUSE.format("there is one head"),
        'CREATE TRIGGER entry_no_gap BEFORE INSERT ON entry WHEN new."index" <> '
        '(SELECT coalesce(max("index") + 1, 0) FROM entry) ' + _REFUSE.format("entry indices are contiguous"),
        "CREATE TRIGGER entry_once BEFORE INSERT ON entry WHEN EXISTS "
        "(SELECT 1 FROM entry WHERE request = new.request) " + _REFUSE.format("this request is recorded already"),
        "CREATE TRIGGER subject_version_once BEFORE INSERT ON subject_version WHEN EXISTS "
        "(SELECT 1 FROM subject_version WHERE subject = new.subject AND version = new.version) "
        + _REFUSE.format("this version of the subject exists already"),
        "CREATE TRIGGER event_once BEFORE INSERT ON event WHEN EXISTS "
        "(SELECT 1 FROM event WHERE key = new.key) " + _REFUSE.format("this event exists already"),
        "CREATE TRIGGER state_record_once BEFORE INSERT ON state_record WHEN EXISTS (SELECT 1 FROM state_record "
        'WHERE "key" = new."key" AND "index" = new."index") ' + _REFUSE.format("this record exists already"),
        "CREATE TRIGGER disclosure_once BEFORE INSERT ON disclosure WHEN EXISTS (SELECT 1 FROM disclosure "
        'WHERE "index" = new."index" AND position = new.position) ' + _REFUSE.format("disclosure is fixed"),
    ]
    return {statement.split()[2]: statement for statement in statements}
