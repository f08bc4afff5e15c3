"""Parks by chance: parties that try what mostly makes sense as the books stand, and some that does not."""

from folded import MILL, MINE, OPERATOR, OTHER_SITE, SITE, SMELTER, Park, amount, handed, lot, mass, pallet, piece
from hypothesis import strategies as st

from ledger.kernel.errors import Refused
from ledger.lots.records import Lot
from tests.examples import examples

PARTIES = (MINE, SMELTER, MILL)


class Chance:
    """Tries things that mostly make sense as the books stand, and some that do not."""

    def __init__(self, random):
        self.park, self.random, self.serials, self.done = Park(), random, 0, 0
        self.announced = {}

    def go(self, steps, acts):
        for _ in range(steps):
            try:
                getattr(self, self.random.choice(acts))()
            except Refused:
                continue
            self.done += 1
        return self.park

    def some(self):
        """A party, a lot it has, and a part of what it has: too much, now and then."""
        holdings = [(one.holder, lot) for lot in self.lots() for one in lot.holdings if not one.delivery]
        who, one = self.random.choice(holdings or [(MINE, None)])
        if one is None:
            return MINE, (lot("none"), 1)
        have = max(1, one.on_hand(who))
        g = None if one.single else self.random.randint(1, have + have // 10)
        return who, (one.id, g)

    def lots(self):
        return [one for one in self.park.book.records().values() if isinstance(one, Lot)]

    def serial(self):
        self.serials += 1
        return piece(f"P-{self.serials}")

    def commission(self):
        who, name = self.random.choice(PARTIES), lot(self.random.choice("ABCDE"))
        self.park.new(who, (name, self.random.randint(1, 10_000)))

    def late(self, kind="late"):
        who, giver = self.random.sample(PARTIES, 2)
        name = self.random.choice([lot("A"), lot("Z"), self.serial()])
        g = self.random.randint(1, 1_000)
        origin = [{"id": name, "kind": kind, "supplier": giver, "document": "N", "g": g}]
        self.park.receive(who, giver, (name, g), al_origin=origin)

    def heard(self):
        """The sender of something late makes it and sends it."""
        waiting = [(one.id, late.holder, late.sender, late.g) for one in self.lots() for late in one.late]
        if waiting:
            name, holder, sender, g = self.random.choice(waiting)
            maker = sender or self.random.choice([one for one in PARTIES if one != holder])
            self.park.new(maker, (name, g + 1))
            self.park.ship(maker, holder, (name, None if "(21)" in name else g + 1))

    def transform(self):
        who, part = self.some()
        if part[0].startswith("(00)"):
            return
        g = part[1] if part[1] is not None else self.park.have(who, part[0])
        g = max(0, g)
        share = self.random.randint(0, g)
        outputs = [(self.serial(), share), (lot(f"{who[-9:-7]}-{self.random.choice('XY')}"), g - share)]
        losses = self.losses(g)
        self.park.make(who, [part], outputs, self.random.choice(("casting", "refining")), losses)

    def losses(self, g):
        return self.random.choice((0, 0, g // 100))

    def taps(self):
        who, part = self.some()
        if part[0].startswith("(00)"):
            return
        run = {"transformationID": self.random.choice(("urn:1", "urn:2"))}
        sides = ([part], []) if self.random.random() < 0.5 else ([], [(lot(f"T-{who[-9:-7]}"), 50)])
        self.park.make(who, *sides, "electrolysis", al_run=self.random.choice(("open", "open", "closed")), **run)

    def ship(self):
        who, part = self.some()
        self.park.ship(who, self.random.choice(PARTIES), part, paper=self.random.choice(("D-1", "D-2")))

    def receive(self):
        under_way = [(lot, one) for lot in self.lots() for one in lot.holdings if one.delivery]
        if not under_way:
            return self.commission()
        one, holding = self.random.choice(under_way)
        delivery = self.park.book.delivery(holding.delivery)
        g = None if one.single else self.random.randint(1, max(1, holding.g + holding.g // 20))
        paper = delivery.name.rpartition(" ")[2]
        return self.park.receive(delivery.receiver, delivery.sender, (one.id, g), paper=paper)

    def count(self):
        who, (name, g) = self.some()
        self.park.look(who, "stock_taking", (name, g))

    def destroy(self):
        who, (name, g) = self.some()
        named = {"epcList": [name]} if g is None else {"quantityList": [amount(name, g)]}
        self.park.say(who, "Object", action="DELETE", **named)

    def pack(self):
        who, (name, g) = self.some()
        children = {"childEPCs": [name]} if g is None else {"childQuantityList": [amount(name, g)]}
        self.park.say(who, "Aggregation", action="ADD", parentID=pallet(self.random.randint(1, 2)), **children)

    def declare(self):
        index = self.random.randrange(len(self.park.effects) or 1)
        if index < len(self.park.effects):
            one = self.park.effects[index]
            self.park.wrong(one.issuer, index, f"urn:right:{index}")
            self.announced[f"urn:right:{index}"] = one

    def again(self):
        """The same event once more, under the name that was announced."""
        if self.announced:
            name, one = self.announced.popitem()
            body = self.park.bodies[one.index]
            told = {key: value for key, value in body.items() if key not in {"type", "eventTime", "eventID"}}
            self.park.say(one.issuer, body["type"].removesuffix("Event"), eventID=name, **told)

    def correct(self):
        """The same again with other masses, whoever has it now."""
        if self.announced:
            name, one = self.announced.popitem()
            inputs = [(posting.lot, None if "(10)" not in posting.lot else posting.g) for posting in one.debits]
            outputs = [(posting.lot, max(0, posting.g - 1)) for posting in one.credits if "(00)" not in posting.lot]
            if {posting.lot for posting in one.debits} & {posting.lot for posting in one.credits}:
                return
            self.park.make(one.issuer, inputs, outputs, eventID=name)


HONEST = ("late", "heard", "commission", "transform", "taps", "ship", "receive", "receive", "count", "destroy", "pack")
ALL = (*HONEST, "declare", "correct", "correct", "again")
SETTINGS = examples(150)
seeds = st.randoms(use_true_random=False)


class Handling(Chance):
    """Also what is no mass: units, holds, returns, sales, pieces that nobody weighed, sites opened, lots closed."""

    def pack_more(self):
        who, (name, g) = self.some()
        other = self.random.choice([(one.id, 7) for one in self.lots() if not one.single] or [(name, g)])
        children = [one for one in ((name, g), other) if one[1] is None]
        amounts = [amount(*one) for one in dict(((name, g), other)).items() if one[1] is not None]
        members = {"childEPCs": [one for one, _ in children], "childQuantityList": amounts or None}
        self.park.say(who, "Aggregation", action="ADD", parentID=pallet(self.random.randint(1, 3)), **members)

    def unpack(self):
        """All of a unit, a piece of it, or some of an amount in it."""
        units = [one for one in self.lots() if one.contents or one.amounts]
        if not units:
            return self.pack_more()
        unit = self.random.choice(units)
        who = next((one.holder for one in unit.holdings if not one.delivery), MINE)
        some = [*((one, None) for one in unit.contents), *((one.lot, one.g // 2 + 1) for one in unit.amounts)]
        name, g = self.random.choice([*some, ("", None)])
        members = {} if not name else {"childEPCs": [name]} if g is None else {"childQuantityList": [amount(name, g)]}
        return self.park.say(who, "Aggregation", action="DELETE", parentID=unit.id, **members)

    def carry(self):
        """Some piece goes on, and comes in."""
        pieces = [(one.id, at) for one in self.lots() for at in one.holdings if one.single]
        if not pieces:
            return self.unweighed()
        name, at = self.random.choice(pieces)
        if not at.delivery:
            paper = f"C-{len(self.park.effects)}"
            return self.park.ship(at.holder, self.random.choice(PARTIES), (name, None), paper=paper)
        delivery = self.park.book.delivery(at.delivery)
        paper = delivery.name.rpartition(" ")[2]
        return self.park.receive(delivery.receiver, delivery.sender, (name, None), paper=paper)

    def unweighed(self):
        self.park.new(self.random.choice(PARTIES), (self.serial(), None))

    def weigh(self):
        """Some piece is shipped, with a mass."""
        pieces = [one for one in self.lots() if one.single and one.holdings and not one.id.startswith("(00)")]
        if pieces:
            one = self.random.choice(pieces)
            to = self.random.choice(PARTIES)
            self.park.ship(one.holdings[0].holder, to, (one.id, self.random.randint(1, 99)), paper="D-3")

    def look_at(self):
        """Some piece is looked at, counted or packed, and its mass told, by who has it or made it."""
        pieces = [one for one in self.lots() if one.single and one.holdings and not one.id.startswith("(00)")]
        if not pieces:
            return self.unweighed()
        one = self.random.choice(pieces)
        who, g = self.random.choice((one.holdings[0].holder, one.maker or MINE)), self.random.randint(1, 99)
        step = self.random.choice(("inspecting", "stock_taking", "packing"))
        if step != "packing":
            return self.park.look(who, step, (one.id, g))
        unit = {"parentID": pallet(self.random.randint(1, 3)), "childEPCs": [one.id], "al_mass": [mass(one.id, g)]}
        return self.park.say(who, "Aggregation", action="ADD", **unit)

    def hold(self):
        who, (name, _) = self.some()
        self.park.look(who, "holding", (name, None))

    def free(self):
        held = [one for one in self.lots() if one.holds]
        if held:
            one = self.random.choice(held)
            who = self.random.choice((OPERATOR, one.holds[0].by))
            self.park.look(who, "inspecting", (one.id, None), disposition="conformant")

    def back(self):
        """Not sent after all: some of it, or all."""
        under_way = [(one, at) for one in self.lots() for at in one.holdings if at.delivery]
        if under_way:
            one, at = self.random.choice(under_way)
            g = None if one.single else self.random.randint(1, max(1, at.g))
            receiver = self.park.book.delivery(at.delivery).receiver
            paper = at.delivery.rpartition(" ")[2]
            members = handed(at.holder, receiver, paper)
            self.park.look(at.holder, "void_shipping", (one.id, g), **members)

    def casts(self):
        """An event of a run that has to close: metal in, a piece or scrap out, or both; another kind now and then."""
        who, part = self.some()
        if part[0].startswith("(00)"):
            return
        kind = self.random.choice(("casting", "casting", "cold-rolling", "electrolysis"))
        run = {"transformationID": self.random.choice(("urn:3", "urn:4"))}
        g = part[1] if part[1] is not None else self.park.have(who, part[0])
        name = self.random.choice((self.serial(), lot(f"{who[-9:-7]}-S")))
        sides = self.random.choice((([part], []), ([], [(name, g)]), ([part], [(name, g)])))
        self.park.make(who, *sides, kind, al_run=self.random.choice(("open", "open", "closed")), **run)

    def sell(self):
        who, (name, _) = self.some()
        sold = {"sourceList": [{"type": "owning_party", "source": who}]}
        buyer = {"destinationList": [{"type": "owning_party", "destination": self.random.choice(PARTIES)}]}
        self.park.look(who, "other", (name, None), **sold, **buyer)

    def buy(self):
        self.late("outside")

    def open_site(self):
        at = {"readPoint": {"id": self.random.choice((SITE, OTHER_SITE))}}
        self.park.new(MINE, (lot(self.random.choice("ABC")), 100), al_opening=True, **at)

    def close(self):
        who, (name, g) = self.some()
        if g is not None:
            self.park.say(who, "Object", action="DELETE", quantityList=[amount(name, None)])

    def declare(self):
        """No declaration is declared wrong itself: the ledger knows no such event."""
        self.declared([one for one in self.park.effects if one.what != "error declaration"])

    def declare_making(self):
        """Of a piece that is somewhere, whatever was done with it since."""
        pieces = [one for one in self.lots() if one.single and one.holdings and one.source != "late"]
        gone = [one for one in pieces if one.holdings[0].delivery or one.holdings[0].holder != one.maker]
        self.declared([self.park.effects[one.made_by] for one in gone or pieces])

    def declared(self, events):
        one = self.random.choice(events or [None])
        if one is not None:
            self.park.wrong(one.issuer, one.index, f"urn:right:{one.index}")
            self.announced[f"urn:right:{one.index}"] = one

    def correct(self):
        """Another event takes the place of one that was declared wrong: the same again, of some grams more or less."""
        if self.announced:
            name, one = self.announced.popitem()
            more = self.random.randint(-3, 3)
            said = {
                word.replace("al:", "al_"): weighed(value, more) for word, value in self.park.bodies[one.index].items()
            }
            kind = said.pop("type").removesuffix("Event")
            if kind == "Object" and said["action"] == "ADD" and not said["al_mass"] and self.random.random() < 0.5:
                said["al_mass"] = [mass(one, self.random.randint(1, 99)) for one in said["epcList"]]
            self.park.say(one.issuer, kind, **{**said, "eventID": name})


def weighed(said, more):
    """Members of an event, each mass in them so many g more, and none less than nothing."""
    if isinstance(said, list):
        return [weighed(one, more) for one in said]
    if not isinstance(said, dict):
        return said
    return {name: max(0, value + more) if name in {"g", "quantity"} else value for name, value in said.items()}


HANDLING = (
    *HONEST, "ship", "receive", "pack", "pack_more", "pack_more", "unpack", "unpack", "unweighed", "weigh", "hold",
    "free", "back", "look_at", "sell", "open_site", "close", "count", "buy", "casts", "casts",
)  # fmt: skip
OF_PIECES = (
    "unweighed",
    "unweighed",
    "weigh",
    "weigh",
    "look_at",
    "look_at",
    "late",
    "carry",
    "carry",
    "carry",
    "declare_making",
    "declare_making",
)
EVERYTHING = (
    *HANDLING,
    *OF_PIECES,
    "ship",
    "receive",
    "commission",
    "transform",
    "transform",
    "declare",
    *("correct",) * 5,
)
