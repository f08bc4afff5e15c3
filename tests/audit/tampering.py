"""A ledger with some of everything, and ways to change what it stores behind its back."""

import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass

from small_ledger import ROLES, actor, coil, piece, small_ledger

from ledger.audit.audit import Order, audit
from ledger.audit.heads import Kept
from ledger.audit.sources import DatabaseSource
from ledger.kernel.statement import Hidden, parse
from ledger.store.sqlite.driver import sqlite3

EVENT = "urn:uuid:1b4e28ba-2fa1-41d2-883f-0016d3cca427"


@dataclass(frozen=True)
class Recorded:
    """A closed ledger in a folder, and what somebody kept of it. Each field from `plain` on is an index."""

    folder: object
    database: object
    checkpoint: str
    half: str  # the checkpoint when there were `middle` entries
    trust: object
    size: int
    middle: int
    plain: int
    hiding: int
    event: int
    correction: int
    heads: int
    key: int
    last: int


def record(folder):
    """0 ledger, 1-2 plant, 3-4 rolling, events, a disclosure, an event and its correction, heads, a rotated key."""
    with small_ledger(folder) as world:
        world.enrol(world.rolling, *ROLES)
        plain = world.size
        world.post(world.plant, "lot-event", coil("C-1", "C-2"))
        world.post(world.rolling, "lot-event", coil("C-2", action="OBSERVE", bizStep="inspecting"))
        world.post(world.plant, "lot-event", coil("C-3"))
        notice = {"kind": "closing", "closing": {}, "note": Hidden("call the office")}
        hiding = world.size
        world.post(world.operator, "notice", notice)
        event = world.size
        world.post(world.plant, "lot-event", coil("C-4", "C-5", eventID=EVENT))
        correction = world.size
        world.post(world.plant, "lot-event", wrong("C-4", "C-5"))
        middle, half = world.size, world.log.state.published.note
        heads = world.size
        world.post(world.operator, "heads", {})
        key = world.size
        newer = world.plant.with_key("plant, newer")
        world.add_key(world.plant, newer)
        world.end_key(world.plant, world.plant.signer.key.kid, "compromised", by=newer, disputed_from=event)
        world.post(newer, "lot-event", coil("C-1", action="OBSERVE", bizStep="inspecting"))
        last = world.size
        world.post(newer, "lot-event", coil("C-1", action="DELETE", bizStep="destroying"))
        return Recorded(
            world.places.folder,
            world.places.database,
            world.log.state.published.note,
            half,
            world.trust,
            world.size,
            middle,
            plain,
            hiding,
            event,
            correction,
            heads,
            key,
            last,
        )


def wrong(*serials, event=EVENT):
    """The declaration that the event of these pieces was wrong."""
    declaration = {"declarationTime": "2026-01-05T09:59:00.000+05:00"}
    return coil(*serials, eventID=event, errorDeclaration=declaration)


def copy(recorded, folder):
    """A copy of the ledger's folder, for this test alone; its database."""
    shutil.copytree(recorded.folder, folder / "ledger")
    return folder / "ledger" / recorded.database.name


@contextmanager
def behind_its_back(database):
    """A cursor that no trigger stops; triggers are put back as they were."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)


def change(database, column, index, edit, *, table="entry"):
    """Replace one value by what `edit` makes of it."""
    with behind_its_back(database) as connection:
        (value,) = connection.execute(f'SELECT {column} FROM {table} WHERE "index" = ?', (index,)).fetchone()
        connection.execute(f'UPDATE {table} SET {column} = ? WHERE "index" = ?', (edit(value), index))


def flip(at, mask=1):
    """An edit of bytes: one byte changed."""
    return lambda value: value[:at] + bytes([value[at] ^ mask]) + value[at + 1 :]


def findings(database, **order):
    """What an audit of the database finds, as (code, index)."""
    return [(one.code, one.index) for one in report(database, **order).findings]


def report(database, *, against=(), **order):
    kept = tuple(Kept(f"the checkpoint {n}", text) for n, text in enumerate(against))
    return audit(Order(DatabaseSource(database), kept, **order))


def sentences(database, **order):
    return [one.sentence for one in report(database, **order).findings]


__all__ = [
    "EVENT", "Recorded", "actor", "behind_its_back", "change", "coil", "copy", "findings", "flip", "parse", "piece",
    "record", "report", "sentences", "wrong",
]  # fmt: skip
