"""A smelter and a mill in a real ledger: a silo that mixes, a potline run, scrap, slabs, coils, shipments.

with small_mill(tmp_path) as mill:
    mill.make_coils("A")          # from bauxite to coils A-1 and A-2 on hand at the mill
    mill.ship("A-1")
"""

from contextlib import contextmanager
from datetime import UTC, datetime

from small_ledger import PLANT, ROLLING, SECOND, Actor, gln, gtin, signer, small_ledger, with_check_digit

from ledger.kernel.statement import parse
from ledger.passport.issue import Issuer
from ledger.rules import rule_set

CUSTOMER = Actor("customer", f"(417){gln(4)}", signer("customer"))
KINDS = (
    "refining",
    "electrolysis",
    "casting",
    "remelting",
    "hot-rolling",
    "cold-rolling",
    "slitting",
    "cutting",
    "annealing",
)
TONNE = 1_000_000
MINUTE = 60 * SECOND


def lot(name, item=1):
    return f"https://id.gs1.org/01/{gtin(item)}/10/{name}"


def piece(name, item=2):
    return f"https://id.gs1.org/01/{gtin(item)}/21/{name}"


def pallet(number=1):
    return f"https://id.gs1.org/00/{with_check_digit(f'09521141{number:09d}')}"


def site(number):
    return f"(414){gln(number)}"


def place(number):
    return {"id": f"https://id.gs1.org/414/{gln(number)}"}


def is_single(name):
    return "/10/" not in name


class Mill:
    def __init__(self, world):
        self.world = world
        self.count, self.plant = 0, PLANT
        self.profiles = {}
        self.steps = {}  # the entries of each process by the name of the coils
        for who, number in ((PLANT, 2), (ROLLING, 3), (CUSTOMER, 4)):
            where = {"id": site(number), "name": f"{who.name} works", "country": "KZ" if number < 4 else "DE",
                     "zone": "KZ", "latitude": "43.2", "longitude": "76.9"}  # fmt: skip
            processes = [{"id": f"{who.id}/{kind}", "kind": kind, "site": site(number)} for kind in KINDS]
            self.profiles[who] = {"sites": [where], "processes": processes}
            world.post(world.operator, "party", who.profile("lot-event", **self.profiles[who]))
            if who is not PLANT:
                world.post(world.operator, "key", {"party": who.id, "add": [who.addition()]})

    def event(self, who, kind, **members):
        self.count += 1
        self.world.now += MINUTE
        at = datetime.fromtimestamp(self.world.now // SECOND, UTC).isoformat().replace("+00:00", "Z")
        named = {name.replace("al_", "al:", 1): value for name, value in members.items() if value}
        return {
            "@context": [
                "https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"al": "https://coilmark.org/ns/al/1/"}
            ],
            "type": f"{kind}Event", "eventTime": at, "eventTimeZoneOffset": "+05:00",
            "readPoint": place({PLANT: 2, ROLLING: 3, CUSTOMER: 4}[who]), "eventID": f"urn:example:event:{self.count}",
            **named,
        }  # fmt: skip

    def say(self, who, kind, **members):
        """The index of the event."""
        receipt = self.world.post(who, "lot-event", self.event(who, kind, **members))
        return receipt.entry.index

    def make(self, who, process, inputs, outputs, *, roles=(), attributes=(), **members):
        start = datetime.fromtimestamp(self.world.now // SECOND, UTC).isoformat().replace("+00:00", "Z")
        masses = [
            {"id": name, "g": g, "basis": "dry", "method": "scale", "side": side}
            for side, parts in (("input", inputs), ("output", outputs)) for name, g in parts
            if is_single(name) and g is not None
        ]  # fmt: skip
        return self.say(
            who, "Transformation", al_process=f"{who.id}/{process}", al_start=start, al_mass=masses,
            al_role=[{"id": name, "role": role} for name, role in roles],
            al_attributes=[{"id": name, **said} for name, said in attributes],
            **listed("input", inputs), **listed("output", outputs), **members,
        )  # fmt: skip

    def new(self, who, *parts, origin="outside", attributes=(), **members):
        """Bought from outside the ledger."""
        origins = [{"id": name, "kind": origin, "supplier": "S", "document": "D", "g": g} for name, g in parts]
        return self.say(
            who, "Object", action="OBSERVE", bizStep="receiving", al_origin=origins, **things(parts),
            al_attributes=[{"id": name, **said} for name, said in attributes], **members,
        )  # fmt: skip

    def look(self, who, step, *names, **members):
        return self.say(who, "Object", action="OBSERVE", bizStep=step, **things([(n, None) for n in names]), **members)

    def late(self, who, step, *names, hours=25, **members):
        """Told when it was over for so long."""
        ago = (self.world.now // SECOND) - hours * 3600
        at = datetime.fromtimestamp(ago, UTC).isoformat().replace("+00:00", "Z")
        return self.look(who, step, *names, eventTime=at, **members)

    def send(self, who, to, *parts, paper="D-1", **members):
        return self.say(
            who, "Object", action="OBSERVE", bizStep="shipping", **things(parts), **handed(who, to, paper), **members
        )

    def take(self, who, giver, *parts, paper="D-1", **members):
        return self.say(
            who,
            "Object",
            action="OBSERVE",
            bizStep="receiving",
            **things(parts),
            **handed(giver, who, paper),
            **members,
        )

    def pack(self, who, unit, *names, action="ADD"):
        return self.say(who, "Aggregation", action=action, bizStep="packing", parentID=unit, childEPCs=list(names))

    def pack_some(self, who, name, g, *names, action="ADD", into=None):
        """An amount of a class lot, on a pallet, with single things."""
        members = {"childEPCs": list(names), "childQuantityList": [amount(name, g)]}
        return self.say(who, "Aggregation", action=action, parentID=into or pallet(), **members)

    def send_some_in_a_unit(self, who, to, name, g):
        """An amount of a class lot on a pallet, whose events name the pallet alone."""
        self.pack_some(who, name, g)
        return self.send(who, to, (pallet(), None), paper="P")

    def wrong(self, who, index, *corrections):
        """Declare the event of `index` wrong."""
        self.world.now += MINUTE
        declared = {
            "declarationTime": "2026-01-05T04:00:00Z", "reason": "incorrect_data",
            "correctiveEventIDs": list(corrections),
        }  # fmt: skip
        body = {**parse(self.world.stored(index).wire).body, "errorDeclaration": declared}
        return self.world.post(who, "lot-event", body).entry.index

    def make_coils(self, name):
        """Alumina is refined in a run and mixes in a silo, metal is tapped in another, scrap is melted in."""
        w, run = self, f"urn:example:run:{name}"
        steps = self.steps[name] = {"refining": []}
        w.new(PLANT, (lot(f"BX-{name}"), 60 * TONNE), attributes=[(lot(f"BX-{name}"), {"material": "bauxite"})])
        silo, metal, slab = lot("SILO", 3), lot(f"MET-{name}", 4), piece(f"SLAB-{name}", 5)
        for half in (1, 2):
            steps["refining"] += [w.make(
                PLANT, "refining", [(lot(f"BX-{name}"), 30 * TONNE)], [(silo, 15 * TONNE)],
                attributes=[(silo, {"material": "alumina"})],
            )]  # fmt: skip
            state = "open" if half == 1 else "closed"
            w.make(PLANT, "electrolysis", [(silo, 12 * TONNE)], [], transformationID=run, al_run="open")
            w.make(
                PLANT, "electrolysis", [], [(metal, 6 * TONNE)], transformationID=run, al_run=state,
                attributes=[(metal, {"material": "liquid-metal"})],
            )  # fmt: skip
        scrap = lot(f"SCRAP-{name}", 6)
        w.new(
            PLANT, (scrap, 3 * TONNE),
            attributes=[(scrap, {"material": "scrap", "scrapClass": "post-consumer"})],
        )  # fmt: skip
        steps["casting"] = w.make(
            PLANT, "casting", [(metal, 12 * TONNE), (scrap, 3 * TONNE)], [(slab, 15 * TONNE)],
            roles=[(scrap, "scrap")], attributes=[(slab, {"alloy": "EN-AW-5754", "heat": f"H-{name}", "form": "slab"})],
        )  # fmt: skip
        w.send(PLANT, ROLLING, (slab, None), paper=f"S-{name}")
        w.take(ROLLING, PLANT, (slab, None), paper=f"S-{name}")
        band = piece(f"BAND-{name}", 7)
        w.make(
            ROLLING, "hot-rolling", [(slab, 15 * TONNE)], [(band, 15 * TONNE)],
            attributes=[(band, {"alloy": "EN-AW-5754", "form": "hot-band"})],
        )  # fmt: skip
        coils = [piece(f"{name}-1"), piece(f"{name}-2")]
        said = {"alloy": "EN-AW-5754", "temper": "H111", "form": "coil", "thickness": 1500, "order": f"PO-{name}"}
        w.make(
            ROLLING, "slitting", [(band, 15 * TONNE)], [(one, 7_500_000) for one in coils],
            attributes=[(one, {**said, "customerPart": "KX-9"}) for one in coils],
        )  # fmt: skip
        w.look(ROLLING, "holding", coils[0])
        w.look(ROLLING, "inspecting", coils[0], disposition="conformant")
        return coils


def things(parts):
    masses = [
        {"id": name, "g": g, "basis": "dry", "method": "scale"}
        for name, g in parts
        if is_single(name) and g is not None
    ]
    return {
        "epcList": [name for name, _ in parts if is_single(name)],
        "quantityList": [amount(name, g) for name, g in parts if not is_single(name)],
        "al_mass": masses,
    }


def listed(side, parts):
    return {
        f"{side}EPCList": [name for name, _ in parts if is_single(name)],
        f"{side}QuantityList": [amount(name, g) for name, g in parts if not is_single(name)],
    }


def amount(name, g):
    return {"epcClass": name, "quantity": g, "uom": "GRM"}


def handed(giver, taker, paper):
    def party(who):
        return f"https://id.gs1.org/417/{who.id.removeprefix('(417)')}"

    return {
        "bizTransactionList": [{"type": "desadv", "bizTransaction": f"urn:example:{paper}"}],
        "sourceList": [{"type": "possessing_party", "source": party(giver)}],
        "destinationList": [{"type": "possessing_party", "destination": party(taker)}],
    }


@contextmanager
def small_mill(folder, **given):
    """With passports, signed by the operator's key."""
    with small_ledger(folder, **given) as world:
        world.issuer = Issuer(signer("operator"), rule_set(), world.randomness)
        world.reopen()
        yield Mill(world)
