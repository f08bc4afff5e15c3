"""Schema version 2: tables for lots, empty until they are rebuilt, and notices among what is read at every start."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WIDE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_REGISTRY = "typ IN ('ledger', 'party', 'key', 'notice')"
_ON_SQLITE = (
    "CREATE TRIGGER {0}_no_update BEFORE UPDATE ON {0} BEGIN SELECT RAISE(ABORT, '{0} is append-only'); END",
    "CREATE TRIGGER {0}_no_delete BEFORE DELETE ON {0} BEGIN SELECT RAISE(ABORT, '{0} is append-only'); END",
)
_ONCE = (
    "CREATE TRIGGER state_record_once BEFORE INSERT ON state_record WHEN EXISTS (SELECT 1 FROM state_record "
    'WHERE "key" = new."key" AND "index" = new."index") '
    "BEGIN SELECT RAISE(ABORT, 'this record exists already'); END"
)
_ON_POSTGRES = (
    (
        "CREATE TRIGGER {0}_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON {0} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse('{0} is append-only')"
    ),
    "ALTER TABLE {0} ENABLE ALWAYS TRIGGER {0}_append_only",
    "REVOKE ALL ON {0} FROM PUBLIC",
    "GRANT SELECT, INSERT ON {0} TO {1}",
)


def upgrade() -> None:
    """Tables, then what keeps them append-only; the index of the registry once more, with notices."""
    op.create_table(
        "state_record",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("index", _WIDE, autoincrement=False, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("key", "index"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_table(
        "lot_tag",
        sa.Column("tag", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("index", _WIDE, nullable=False),
        sa.PrimaryKeyConstraint("tag", "key"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.drop_index("entry_registry", "entry")
    op.create_index(
        "entry_registry",
        "entry",
        ["typ", "index"],
        sqlite_where=sa.text(_REGISTRY),
        postgresql_where=sa.text(_REGISTRY),
    )
    for statement in _guards():
        op.execute(statement)


def _guards() -> list[str]:
    tables = ("state_record", "lot_tag")
    context = op.get_context()
    if context.dialect.name == "sqlite":
        return [text.format(table) for table in tables for text in _ON_SQLITE] + [_ONCE]
    writer = context.opts["writer"]
    return [text.format(table, writer) for table in tables for text in _ON_POSTGRES]
