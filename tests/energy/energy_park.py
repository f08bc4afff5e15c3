"""A wind farm, a solar site, a store and a smelter in memory: statements folded one after the other, and the books."""

from ledger.energy.book import Book, attestation_key, hour_key
from ledger.energy.fold import apply
from ledger.energy.records import HOUR
from ledger.energy.said import Said
from ledger.kernel.errors import Refused
from ledger.kernel.moments import rfc3339
from ledger.kernel.party import Party
from ledger.rules import BALANCED
from tests.small_ledger import actor, gln

ACTORS = {name: actor(name, number) for number, name in enumerate(("wind", "smelter", "mill"), 20)}
WIND, SMELTER, MILL = (one.id for one in ACTORS.values())
ROLES = ("contract", "energy-attestation", "energy-consumption", "energy-action", "energy-allocation")
MIDNIGHT = 1_772_323_200_000_000  # 2026-03-01T00:00:00Z
LATER = MIDNIGHT + 60 * 24 * HOUR
EXPIRES = MIDNIGHT + 300 * 24 * HOUR
POTLINE, CHARGING = f"{SMELTER}/potline", f"{SMELTER}/charging"
TURBINES, STORE = f"{WIND}/turbines", f"{SMELTER}/battery"
DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


SITES = {party: f"(414){gln(number)}" for number, party in enumerate((WIND, SMELTER, MILL), 30)}


def site(party, zone):
    return {
        "id": SITES[party], "name": "site", "country": "KZ", "zone": zone, "latitude": "51.7", "longitude": "75.3",
    }  # fmt: skip


def document(kind):
    return {"digest": DIGEST, "media_type": "application/pdf", "kind": kind}


LISTS = {
    WIND: {
        "sites": [site(WIND, "KZ-1")],
        "devices": [
            {"id": TURBINES, "kind": "generator", "site": SITES[WIND], "capacity": 18_000_000, "source": "wind",
             "commissioned": "2025-06-01"},
            {"id": f"{WIND}/far", "kind": "generator", "site": SITES[WIND], "capacity": 18_000_000, "zone": "KZ-2"},
            {"id": f"{WIND}/scale", "kind": "scale", "site": SITES[WIND]},
        ],
        "meters": [
            {"id": f"{WIND}/meter", "site": SITES[WIND], "device": TURBINES},
            {"id": f"{WIND}/far-meter", "site": SITES[WIND], "device": f"{WIND}/far"},
            {"id": f"{WIND}/scale-meter", "site": SITES[WIND], "device": f"{WIND}/scale"},
        ],
    },
    SMELTER: {
        "sites": [site(SMELTER, "KZ-1")],
        "processes": [
            {"id": POTLINE, "kind": "electrolysis", "site": SITES[SMELTER]},
            {"id": CHARGING, "kind": "energy-storage", "site": SITES[SMELTER]},
        ],
        "devices": [
            {"id": STORE, "kind": "energy-storage", "site": SITES[SMELTER], "capacity": 20_000_000,
             "efficiency": "0.85"},
            {"id": f"{SMELTER}/roof", "kind": "generator", "site": SITES[SMELTER], "capacity": 1_000_000,
             "source": "solar"},
        ],
        "meters": [
            {"id": f"{SMELTER}/meter", "site": SITES[SMELTER], "process": POTLINE},
            {"id": f"{SMELTER}/charge-meter", "site": SITES[SMELTER], "process": CHARGING},
            {"id": f"{SMELTER}/store-meter", "site": SITES[SMELTER], "device": STORE},
            {"id": f"{SMELTER}/roof-meter", "site": SITES[SMELTER], "device": f"{SMELTER}/roof"},
            {"id": f"{SMELTER}/at-the-grid", "site": SITES[SMELTER], "accuracy": "0.2"},
        ],
    },
    MILL: {"sites": [site(MILL, "KZ-1")], "processes": [
        {"id": f"{MILL}/mill", "kind": "cold-rolling", "site": SITES[MILL]},
    ]},
}  # fmt: skip
PROFILES = {one.id: one.profile(*ROLES, **LISTS[one.id]) for one in ACTORS.values()}


def at(hour, minute=0):
    return rfc3339(MIDNIGHT + hour * HOUR + minute * 60_000_000)


def attestation(name="w0", hour=0, wh=18_000_000, **changes):
    body = {
        "id": f"{WIND}/{name}", "device": TURBINES, "meter": f"{WIND}/meter", "from": at(hour), "to": at(hour + 1),
        "wh": wh, "source": "wind", "quality": "measured", "support": "none", "dissemination": "public-grid",
        "disclosure": True, "configuration": 1, "expires": rfc3339(EXPIRES), **changes,
    }  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def consumption(name="c0", wh=(12_206_250,) * 24, hour=0, process=POTLINE, **changes):
    meters = {POTLINE: f"{SMELTER}/meter", CHARGING: f"{SMELTER}/charge-meter"}
    meter = {"method": "meter", "meter": meters[process]} if process in meters else {"method": "calculated"}
    owner = process.rpartition("/")[0]
    return {"id": f"{owner}/{name}", "process": process, "from": at(hour), "wh": list(wh), **meter, **changes}


def reading(name="site0", wh=(12_300_000,) * 24, hour=0, **changes):
    """What the meter of the smelter's whole site says."""
    told = consumption(name, wh, hour, **{"site": SITES[SMELTER], "meter": f"{SMELTER}/at-the-grid", **changes})
    del told["process"]
    return told


def contract(name="ppa", kind="ppa", who=WIND, **changes):
    return {
        "id": f"{who}/{name}", "kind": kind, "status": "in-force", "from": WIND, "to": SMELTER,
        "parties": [WIND, SMELTER], "valid": {"from": at(0), "to": at(24 * 365)}, "max_wh": 10**15,
        "documents": [document("contract"), document("grid-connection"), document("single-line-diagram")], **changes,
    }  # fmt: skip


def row(wh, attested="w0", hour=0, start=0, stated="c0", **changes):
    name = attested if attested.startswith("(") else f"{WIND}/{attested}"
    return {
        "attestation": name, "from_wh": start, "to_wh": start + wh, "consumption": f"{SMELTER}/{stated}",
        "hour": hour, "delivery": "same-zone", **changes,
    }  # fmt: skip


def allocation(*rows, matching="hourly", purpose="footprint", beneficiary=SMELTER):
    return {"matching": matching, "purpose": purpose, "beneficiary": beneficiary, "rows": list(rows)}


def action(what, *ranges, attested="w0", **members):
    slices = [{"from_wh": start, "to_wh": end} for start, end in ranges]
    name = attested if attested.startswith("(") else f"{WIND}/{attested}"
    return {"attestation": name, "action": what, "slices": slices, **members}


def reversal(entry, number, start, end, stated="c0"):
    """What of a row falls with a withdrawal."""
    return {"index": entry, "row": number, "consumption": f"{SMELTER}/{stated}", "from_wh": start, "to_wh": end}


class Park:
    """Folds statements; `book` is the state, `size` the next entry."""

    def __init__(self, now=LATER, rules=BALANCED):
        self.book, self.rules = Book(), rules
        self.size = 0
        self.now = now
        self.profiles = {name: Party(name, name, frozenset(), (), profile) for name, profile in PROFILES.items()}

    def register(self, party, **lists):
        """The party with other lists of its profile."""
        old = self.profiles[party]
        self.profiles[party] = Party(party, party, old.roles, old.prefixes, {**old.profile, **lists})

    def say(self, who, typ, body):
        """Fold one statement of `who`; its entry. Raises Refused."""
        said = Said(typ, who, body, self.size, self.now, self.profiles[who], self.rules)
        apply(self.book, said)
        self.size += 1
        return said.index

    def refused(self, who, typ, body):
        """The refusal of a statement that changes nothing."""
        before = self.book.records()
        try:
            self.say(who, typ, body)
        except Refused as refusal:
            assert self.book.records() == before
            return refusal
        raise AssertionError(f"{typ} was not refused")

    def attest(self, **members):
        return self.say(WIND, "energy-attestation", attestation(**members))

    def give(self, wh=None, attested="w0", start=0):
        """Transfer to the smelter, all of it or so much."""
        whole = self.attestation(attested).wh
        span = start, start + (whole if wh is None else wh)
        return self.say(WIND, "energy-action", action("transfer", span, attested=attested, to=SMELTER))

    def consume(self, **members):
        return self.say(SMELTER, "energy-consumption", consumption(**members))

    def allocate(self, *rows, **members):
        return self.say(SMELTER, "energy-allocation", allocation(*rows, **members))

    def attestation(self, name="w0"):
        return self.book.get(attestation_key(name if name.startswith("(") else f"{WIND}/{name}"))

    def hour(self, number=0, process=POTLINE):
        return self.book.get(hour_key(process, MIDNIGHT + number * HOUR))

    def states(self, name="w0"):
        """(start, end, state) of each slice."""
        return [(one.start, one.end, one.state) for one in self.attestation(name).slices]


def started(*, hours=1, rules=BALANCED):
    """A park with one attestation an hour, given to the smelter, and a day of consumption."""
    park = Park(rules=rules)
    for hour in range(hours):
        park.attest(name=f"w{hour}", hour=hour)
        park.give(attested=f"w{hour}")
    park.consume()
    return park
