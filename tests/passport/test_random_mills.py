"""Whatever plants do, a full bundle computes the passport again: random events, refused or not, mixed and corrected."""

import random

import pytest
from small_ledger import PLANT, ROLLING
from small_mill import CUSTOMER, TONNE, lot, pallet, piece, small_mill

from ledger.issuing.passport_source import StoreSource
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.errors import Refused
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.report import Outcome
from ledger.kernel.statement import parse
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.issue import Basis, body_of, signed
from ledger.passport.refold import recompute
from ledger.passport.story import story_of
from ledger.rules import rule_set
from ledger.showing.bundles import Shelf, full_bundle

PARTIES = (PLANT, ROLLING)
CLASSES = {"BX": (1, "bauxite"), "SILO": (3, "alumina"), "MET": (4, "liquid-metal"), "SCRAP": (6, "scrap")}


class Chance:
    """One random mill: `pieces` are all that were made, `entries` all events that were taken."""

    def __init__(self, mill, seed):
        self.mill, self.random = mill, random.Random(seed)
        self.pieces, self.entries, self.papers, self.promised = [], [], [], []
        self.who = PLANT
        self.moves = [
            self.buy, self.buy, self.refine, self.refine, self.smelt, self.run, self.cast, self.cast, self.roll,
            self.roll,
            self.send, self.take, self.pack, self.hold, self.count, self.wrong, self.right,
            self.mix,
        ]  # fmt: skip

    def play(self, count):
        for _ in range(count):
            self.who = self.random.choice([PLANT, PLANT, ROLLING])
            try:
                self.entries.append((self.who, self.random.choice(self.moves)()))
            except (Refused, IndexError):
                continue

    def lot(self, kind):
        """One of the two that this party has; now and then another's."""
        item, _ = CLASSES[kind]
        whose = self.who.name if self.random.random() < 0.95 else self.random.choice(["plant", "rolling"])
        return lot(f"{kind}-{whose}-{self.random.randint(1, 2)}", item)

    def mass(self, most=20):
        return self.random.choice([self.random.randint(1, most * TONNE), self.random.randint(1, 30_000)])

    def said(self, name, kind):
        material = CLASSES[kind][1]
        scrap = {"scrapClass": self.random.choice(["internal", "pre-consumer", "post-consumer", "unknown"])}
        return (name, {"material": material, **(scrap if kind == "SCRAP" else {})})

    def buy(self):
        kind = self.random.choice(["BX", "BX", "SCRAP", "SILO", "MET"])
        name = self.lot(kind)
        origin = self.random.choice(["outside", "outside", "late"])
        return self.mill.new(self.who, (name, 40 * TONNE), origin=origin, attributes=[self.said(name, kind)])

    def refine(self):
        g, silo = self.mass(), self.lot("SILO")
        parts = [(self.lot("BX"), g)]
        return self.mill.make(self.who, "refining", parts, [(silo, g // 2 + 1)], attributes=[self.said(silo, "SILO")])

    def smelt(self):
        g, metal = self.mass(), self.lot("MET")
        parts = [(self.lot("SILO"), g)]
        return self.mill.make(
            self.who, "electrolysis", parts, [(metal, g // 2 + 1)], attributes=[self.said(metal, "MET")]
        )

    def run(self):
        g, metal = self.mass(), self.lot("MET")
        given = {"transformationID": f"urn:example:run:{self.random.randint(1, 2)}", "al_run": "open"}
        if self.random.random() < 0.5:
            return self.mill.make(self.who, "electrolysis", [(self.lot("SILO"), g)], [], **given)
        said = [self.said(metal, "MET")]
        return self.mill.make(self.who, "electrolysis", [], [(metal, g)], attributes=said, **given)

    def mix(self):
        """One lot into another of its kind."""
        kind = self.random.choice(["BX", "SILO", "MET"])
        item, g = CLASSES[kind][0], self.mass()
        names = [lot(f"{kind}-{self.who.name}-{n}", item) for n in self.random.sample([1, 2], 2)]
        return self.mill.make(self.who, "refining", [(names[0], g)], [(names[1], g)])

    def cast(self):
        metal, scrap = self.mass(), self.mass(5)
        inputs = [(self.lot("MET"), metal)]
        roles = []
        if self.random.random() < 0.7:
            inputs.append((self.lot("SCRAP"), scrap))
            roles.append((inputs[-1][0], "scrap"))
        used = [one for one in self.pieces if self.random.random() < 0.1]
        inputs += [(one, None) for one in used]
        roles += [(one, "scrap") for one in used if self.random.random() < 0.5]
        slab = piece(f"S-{len(self.pieces)}", 5)
        total = sum(g or 0 for _, g in inputs)
        entry = self.mill.make(
            self.who, "casting", inputs, [(slab, total)], roles=roles,
            attributes=[(slab, {"alloy": "EN-AW-5754", "heat": f"H-{len(self.pieces)}", "order": "PO-1"})],
        )  # fmt: skip
        self.pieces.append(slab)
        return entry

    def roll(self):
        old = self.random.choice(self.pieces)
        found = self.known(old)
        g = found.g or 0
        outputs = [(piece(f"R-{len(self.pieces)}-{n}", 7), g // 2) for n in (1, 2)]
        entry = self.mill.make(self.who, "hot-rolling", [(old, None)], outputs)
        self.pieces += [name for name, _ in outputs]
        return entry

    def known(self, name):
        with self.mill.world.log.store.reading() as transaction:
            return StoreSource(transaction, self.mill.world.size).lot(canonical_id(name))

    def send(self):
        giver, taker = self.who, self.random.choice([one for one in (*PARTIES, CUSTOMER) if one is not self.who])
        paper = f"P-{self.random.randint(1, 3)}"
        name = self.random.choice([self.lot("SILO"), self.lot("MET"), pallet(1), *self.pieces[-6:]])
        part = (name, self.mass() if "/10/" in name else None)
        entry = self.mill.send(giver, taker, part, paper=paper)
        self.papers.append((giver, taker, part, paper))
        return entry

    def take(self):
        self.random.shuffle(self.papers)
        giver, taker, part, paper = self.papers.pop()
        self.who = taker
        return self.mill.take(taker, giver, part, paper=paper)

    def pack(self):
        action = self.random.choice(["ADD", "ADD", "DELETE"])
        return self.mill.pack(self.who, pallet(1), self.random.choice(self.pieces), action=action)

    def hold(self):
        step, free = self.random.choice(
            [("holding", {}), ("inspecting", {"disposition": "conformant"}), ("storing", {})]
        )
        return self.mill.look(self.who, step, self.random.choice(self.pieces), **free)

    def count(self):
        name = self.lot(self.random.choice(["SILO", "MET"]))
        return self.mill.say(
            self.who, "Object", action="OBSERVE", bizStep="stock_taking",
            quantityList=[{"epcClass": name, "quantity": self.mass(), "uom": "GRM"}],
        )  # fmt: skip

    def wrong(self):
        if self.random.random() < 0.6:
            raise IndexError
        self.who, entry = self.random.choice(self.entries)
        promise = [f"urn:example:right:{len(self.entries)}"] if self.random.random() < 0.5 else []
        index = self.mill.wrong(self.who, entry, *promise)
        self.promised += [(self.who, entry, name) for name in promise]
        return index

    def right(self):
        """The same once more, as it was announced."""
        self.who, entry, name = self.promised.pop()
        body = parse(self.mill.world.stored(entry).wire).body
        return self.mill.world.post(self.who, "lot-event", {**body, "eventID": name}).entry.index


class InUnits(Chance):
    """Also metal in pallets: packed and unpacked in parts, sent, taken, sent back, pallets on pallets."""

    def __init__(self, mill, seed):
        super().__init__(mill, seed)
        self.moves += [
            self.pack_some, self.pack_some, self.pack_some, self.unpack_some, self.unpack_some, self.send_unit,
            self.send_unit, self.take, self.take, self.nest, self.use_unit,
        ]  # fmt: skip

    def pallet(self):
        return pallet(self.random.randint(1, 3))

    def pack_some(self):
        """By who has it, mostly."""
        unit, name = self.pallet(), self.lot(self.random.choice(["SILO", "MET", "SCRAP"]))
        self.who = self.holder(unit)
        more = [self.random.choice(self.pieces)] if self.pieces and self.random.random() < 0.2 else []
        return self.mill.pack_some(self.who, name, self.mass(3), *more, into=unit)

    def holder(self, unit):
        found = self.known(unit)
        there = [one.holder for one in found.holdings if not one.delivery] if found is not None else []
        return next((one for one in PARTIES if one.id in there), self.who)

    def unpack_some(self):
        """All of it, or some of what is in it."""
        unit = self.pallet()
        self.who, found = self.holder(unit), self.known(unit)
        row = self.random.choice(found.amounts if found is not None else ())
        if self.random.random() < 0.3:
            return self.mill.say(self.who, "Aggregation", action="DELETE", parentID=unit)
        g = self.random.choice([row.g, row.g // 2 + 1, row.g + 1])
        return self.mill.pack_some(
            self.who, f"https://id.gs1.org/01/{row.lot[4:18]}/10/{row.lot[22:]}", g, action="DELETE", into=unit
        )

    def send_unit(self):
        unit, paper = self.pallet(), f"U-{self.random.randint(1, 3)}"
        giver = self.who = self.holder(unit)
        taker = self.random.choice([one for one in PARTIES if one is not giver])
        entry = self.mill.send(giver, taker, (unit, None), paper=paper)
        self.papers.append((giver, taker, (unit, None), paper))
        return entry

    def nest(self):
        unit, other = pallet(1), pallet(self.random.randint(2, 3))
        self.who = self.holder(other)
        return self.mill.pack(self.who, other, unit, action=self.random.choice(["ADD", "DELETE"]))

    def use_unit(self):
        """All that is in it goes into the melt with it."""
        if self.random.random() < 0.9:
            raise IndexError
        unit, slab = self.pallet(), piece(f"U-{len(self.pieces)}", 5)
        self.who = self.holder(unit)
        entry = self.mill.make(self.who, "casting", [(unit, None)], [(slab, TONNE)])
        self.pieces.append(slab)
        return entry


class InRuns(Chance):
    """Also casting and rolling in runs: what goes in before or after what comes out, closed by any event, corrected."""

    def __init__(self, mill, seed):
        super().__init__(mill, seed)
        self.names, self.inside = [], {}
        self.moves += [*[self.charge] * 3, self.give, self.give, self.end, self.end, self.wrong, self.right]

    def name(self):
        """One of the newest three runs of this party, or another."""
        mine = [one for who, one in self.names if who is self.who][-3:]
        if not mine or self.random.random() < 0.3:
            self.names.append((self.who, f"urn:example:cast:{len(self.names)}"))
            mine = [self.names[-1][1]]
        return self.random.choice(mine)

    def step(self, name, inputs, outputs, g, state="open"):
        kind = self.random.choice(["casting", "casting", "hot-rolling"])
        said = [
            (one, {"alloy": self.random.choice(["EN-AW-5754", "EN-AW-6016"])}) for one, _ in outputs if "/21/" in one
        ]
        entry = self.mill.make(
            self.who, kind, inputs, outputs, transformationID=name, al_run=state, attributes=said
        )  # fmt: skip
        self.inside[name] = self.inside.get(name, 0) + g
        self.pieces += [one for one, _ in outputs if "/21/" in one]
        return entry

    def charge(self):
        """Metal, or a piece that was made before."""
        name, g = self.name(), self.mass(5)
        used = self.random.choice(self.pieces) if self.pieces and self.random.random() < 0.4 else None
        if used is None:
            return self.step(name, [(self.lot("MET"), g)], [], g)
        return self.step(name, [(used, None)], [], self.known(used).g or 0)

    def give(self):
        name, out = self.name(), self.random.choice([piece(f"K-{len(self.pieces)}", 5), self.lot("SCRAP")])
        g = max(1, self.inside.get(name, 0) // self.random.choice([1, 2, 2]))
        return self.step(name, [], [(out, g)], -g)

    def end(self):
        """A slab of what is left, or of most of it, or metal that was missing, and closed."""
        name = self.name()
        left, g = self.inside.get(name, 0), self.mass(5)
        if left > 0:
            out = left - left // self.random.choice([10, 1_000_000_000])
            return self.step(name, [], [(piece(f"K-{len(self.pieces)}", 5), out)], -left, "closed")
        return self.step(name, [(self.lot("MET"), max(g, -left))], [], max(g, -left), "closed")


def verified(mill, name):
    return judged(mill, bundle_of(mill, name), name)


def judged(mill, bundle, name):
    return verify_bundle(
        bundle, mill.world.trust, expected=Expected(piece=canonical_id(name)),
        recompute=lambda one: recompute(one, rule_set()),
    )  # fmt: skip


def bundle_of(mill, name):
    """The full bundle of a passport as of now."""
    log, name = mill.world.log, canonical_id(name)
    with log.store.reading() as transaction:
        checkpoint = log.state.published.checkpoint
        source = StoreSource(transaction, checkpoint.size)
        reached = Basis(checkpoint.size, checkpoint.root, log.tree.inclusion_leaf, log.state.registry)
        body, inputs = body_of(name, source, reached, rule_set()), story_of(name, source).inputs
    (receipt,) = mill.world.submit(signed(body, mill.world.issuer, log.state.registry, now=mill.world.now))
    with log.store.reading() as transaction:
        shelf = Shelf(transaction, log.tree, log.state.published)
        bundle = full_bundle(shelf, receipt.entry.index, inputs, may_see=lambda _iss: True, hidden=())
    return encode_bundle(bundle)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "seed", "moves"),
    [
        *((Chance, seed, 300) for seed in (0, 1, 2, 39, 58)),
        (InUnits, 10, 500),
        (InUnits, 13, 700),
        (InUnits, 14, 500),
        (InRuns, 1, 400),
        (InRuns, 2, 400),
        (InRuns, 3, 500),
    ],
)
def test_every_piece_is_computed_again_from_its_full_bundle(tmp_path, kind, seed, moves):
    with small_mill(tmp_path) as mill:
        chance = kind(mill, seed)
        chance.play(moves)
        made = [name for name in chance.pieces if chance.known(name) is not None]
        assert len(made) > 3, "nothing happened"
        for name in made:
            report = verified(mill, name)
            assert report.verified, (name, report.verdict)
            assert report.steps[10].outcome is Outcome.PASSED
