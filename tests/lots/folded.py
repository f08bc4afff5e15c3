"""A park in memory: events as plants write them, folded one after the other, and what the books then say."""

from datetime import UTC, datetime

import pytest

from ledger.kernel.errors import Refused, RuleBroken
from ledger.kernel.gs1_keys import check_digit
from ledger.lots.ancestry import up
from ledger.lots.book import Book
from ledger.lots.descent import down
from ledger.lots.event import placed, read_event
from ledger.lots.fold import apply
from ledger.lots.genealogy import run_name, starts_of
from ledger.lots.hindsight import rows_of, short_of, time_order, undone_by
from ledger.lots.observations import countersign
from ledger.lots.recall import starts_from_lot
from ledger.lots.records import Effects, Lot, Run

OPERATOR = "(417)9521210000013"
MINE, SMELTER, MILL, CUSTOMER = (f"(417)952121{n}000012"[:18] for n in range(1, 5))
DAY = 24 * 3600 * 1_000_000
START = 1_772_400_000_000_000  # 2026-03-01T21:20:00Z
SITE, OTHER_SITE = "(414)9521211000029", "(414)9521211000036"
OF_NO_LOT = frozenset({"empty_step", "site"})  # refusals of an event that may name none
_KINDS = (
    "mining", "anode-making", "refining", "electrolysis", "auxiliary", "casting", "remelting", "homogenising",
    "scalping", "hot-rolling", "cold-rolling", "foil-rolling", "annealing", "levelling", "coating", "slitting",
    "cutting", "packing",
)  # fmt: skip
PROCESSES = {f"{party}/{kind}": kind for party in (MINE, SMELTER, MILL) for kind in _KINDS}


def refused(code):
    return pytest.raises(RuleBroken, check=lambda error: error.code == code)


def places(park, name):
    """Where a thing is: holder, the end of its delivery's name, g."""
    return [(one.holder, one.delivery[-3:], one.g) for one in park.lot(name).holdings]


def lot(name, item=1):
    digits = f"09521211{item:05d}"
    return f"(01){digits}{check_digit(digits)}(10){name}"


def piece(name, item=1):
    digits = f"09521211{item:05d}"
    return f"(01){digits}{check_digit(digits)}(21){name}"


def pallet(number):
    digits = f"19521211{number:09d}"
    return f"(00){digits}{check_digit(digits)}"


def skid(number):
    digits = "952121100901"
    return f"(8003)0{digits}{check_digit(digits)}S{number}"


def at(minutes):
    seconds = START // 1_000_000 + 60 * minutes
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def in_time(effects):
    """Judged again in the order of event times."""
    known = {one.index: one for one in effects}
    rows = b"".join(row for one in effects for row in rows_of(one))
    return [time_order(known[one.entry], one) for one in sorted(short_of(rows, frozenset(undone_by(effects))))]


class Park:
    """Folds events. `effects` are all that were taken, `book` the state."""

    def __init__(self, scopes=None):
        self.book = Book()
        self.scopes = scopes  # of each party; None: claims are not judged
        self.sites = {SITE: MINE, OTHER_SITE: MINE}
        self.effects = []
        self.told = []  # each event, with the entry that it declares wrong
        self.bodies = []  # as plants write them
        self.names = {}
        self.loads = 0
        self.minutes = 0
        self.late = 0

    def say(self, who, kind, *, wrong=-1, **members):
        """Fold one event of `who`; its effects. Members named al_x are al:x."""
        self.minutes += 1
        body = {
            "@context": [{"al": "https://coilmark.org/ns/al/1/"}], "type": f"{kind}Event",
            "eventTime": at(self.minutes), "eventID": f"urn:event:{len(self.effects)}",
            **{name.replace("al_", "al:", 1): value for name, value in members.items() if value is not None},
        }  # fmt: skip
        processes = {name: kind for name, kind in PROCESSES.items() if name.startswith(who)}
        event = placed(
            read_event(body, issuer=who, jti="urn:jti"), index=len(self.effects), processes=processes,
            recorded_at=START + 60_000_000 * self.minutes + self.late, accuracies={f"{who}/scale": "2"},
        )  # fmt: skip
        done = self.fold(event, wrong)
        self.bodies.append(body)
        return done

    def fold(self, event, wrong):
        before, mark = self.book.records(), self.book.mark()
        try:
            scopes = None if self.scopes is None else self.scopes.get(event.issuer, {})
            done = apply(self.book, event, operator=OPERATOR, sites=self.sites, wrong=wrong, scopes=scopes)
        except Refused as refusal:
            assert self.book.records() == before  # a refusal changes nothing
            check_named(refusal)
            raise
        for found in done.findings:
            assert " " in found.says
            assert not found.lot or self.book.lot(found.lot) is not None
        assert isinstance(done, Effects)
        came, went = sum(one.g for one in done.debits), sum(one.g for one in done.credits)
        assert came + sum(done.entered.values()) == went + sum(done.left.values())  # SPEC 5.2, also what undoes
        self.effects.append(done)
        self.told.append((event, wrong))
        for record in self.book.since(mark).values():
            if isinstance(record, Lot):
                self.names.setdefault(record.id, []).append(done.index)
            if isinstance(record, Run):
                self.names.setdefault(run_name(record.issuer, record.name), []).append(done.index)
        return done

    def load(self, entries):
        """Effects as they stand."""
        self.loads += 1
        found = {entry: self.book.effects(entry) for entry in entries}
        return {entry: one for entry, one in found.items() if one is not None}

    def versions(self, names):
        return {name: tuple(self.names.get(name, ())) for name in names}

    def up(self, name, who=None, delivery=""):
        """A trace of all that there is of a lot, or of what one holder has of it."""
        starts = starts_of(self.lot(name), at=len(self.effects), load=self.load)
        wanted = [one for one in starts if who is None or one.place[1:] == (who, delivery)]
        return up(wanted, self.load, self.versions)

    def down(self, name):
        return down(starts_from_lot(name, self.load, self.versions), self.load, self.versions)

    def lot(self, name) -> Lot:
        return self.book.lot(name)

    def have(self, who, name):
        return self.lot(name).on_hand(who)

    def new(self, who, *parts, **members):
        """Commissioned: (id, g) each."""
        return self.say(who, "Object", action="ADD", bizStep="commissioning", **listed(parts), **members)

    def make(self, who, inputs, outputs, process="casting", loss=0, **members):
        """A transformation; ids with mass."""
        losses = [{"kind": "oxidation", "g": loss}] if loss else None
        step = {"al_process": f"{who}/{process}", "al_start": at(self.minutes), "eventTime": at(self.minutes + 1)}
        return self.say(who, "Transformation", al_loss=losses, **{**sides(inputs, outputs), **step, **members})

    def ship(self, who, to, *parts, paper="D-1", **members):
        return self.say(
            who, "Object", action="OBSERVE", bizStep="shipping", **listed(parts), **handed(who, to, paper), **members
        )

    def receive(self, who, giver, *parts, paper="D-1", **members):
        return self.say(
            who, "Object", action="OBSERVE", bizStep="receiving", **listed(parts), **handed(giver, who, paper),
            **members,
        )  # fmt: skip

    def look(self, who, step, *parts, **members):
        return self.say(who, "Object", action="OBSERVE", bizStep=step, **listed(parts), **members)

    def wrong(self, who, index, *corrections, **members):
        """Declare the event of `index` wrong."""
        declared = {"errorDeclaration": {"correctiveEventIDs": list(corrections)}, "eventID": f"urn:event:{index}"}
        return self.say(who, "Object", wrong=index, action="OBSERVE", epcList=[], **declared, **members)

    def blocked(self, name):
        """Whether somebody is short of it."""
        return bool(self.lot(name).blocked)

    def surplus(self, name):
        """What counts found too much of it, with whom ever, and nobody has countersigned, in g."""
        return sum(self.lot(name).surplus.values())

    def confirm(self, name, by):
        return countersign(self.book, name, by)


def check_named(refusal):
    """A refusal says what it is about, and its sentence names that."""
    assert refusal.code in OF_NO_LOT or refusal.facts["id"] in refusal.sentence


def handed(giver, taker, paper):
    return {
        "bizTransactionList": [{"type": "desadv", "bizTransaction": paper}],
        "sourceList": [{"type": "possessing_party", "source": giver}],
        "destinationList": [{"type": "possessing_party", "destination": taker}],
    }


def single(name):
    return "(10)" not in name


def listed(parts, single_member="epcList", class_member="quantityList"):
    """Pieces and amounts, with what they weigh."""
    masses = [mass(name, g) for name, g in parts if g is not None and single(name)]
    members = {
        single_member: [name for name, _ in parts if single(name)],
        class_member: [amount(name, g) for name, g in parts if not single(name)],
    }
    return {**members, "al_mass": masses}


def mass(name, g, **more):
    return {"id": name, "g": g, "basis": "dry", "method": "scale", **more}


def amount(name, g):
    return {"epcClass": name} if g is None else {"epcClass": name, "quantity": g, "uom": "GRM"}


def sides(inputs, outputs):
    first = listed(inputs, "inputEPCList", "inputQuantityList")
    second = listed(outputs, "outputEPCList", "outputQuantityList")
    masses = [{**one, "side": side} for side, of in (("input", first), ("output", second)) for one in of["al_mass"]]
    return {**first, **second, "al_mass": masses}


def rules(effects):
    return {one.rule for one in effects.findings}
