"""The worked example as plants would tell it: lot events, hours of power and source streams, one chain of lots a coil.

park = ExamplePark(inputs)                     # of the published example
park.bodies("A", day=1)                        # (typ, body) of one coil's chain, bauxite to coil
park.streams(coils=1)                          # (typ, body) of the period's emissions
"""

import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from small_ledger import PLANT, gtin

from ledger.carbon.factors import known

START = datetime(2025, 12, 1, tzinfo=UTC)
PERIOD = {"from": "2025-12-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
CONTEXT = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"al": "https://coilmark.org/ns/al/1/"}]
KINDS = ("mining", "refining", "anode-making", "electrolysis", "casting", "hot-rolling", "cold-rolling", "annealing")
SITE = f"(414){gtin(77)[1:]}"
GRAMS = Decimal(1_000_000)
# process, first hour of its window and hours in it: what draws power in the example, and when
WINDOWS = {
    "mining": (0, 1), "refining": (2, 1), "anode-making": (4, 1), "electrolysis": (6, 24), "casting": (31, 1),
    "hot-rolling": (34, 1), "cold-rolling": (36, 1), "annealing": (38, 1),
}  # fmt: skip
MATERIALS = {"mining": "bauxite", "refining": "alumina", "anode-making": "anode", "electrolysis": "liquid-metal"}
_POWER = {
    "mining": "E_mine_MWh", "refining": "E_refinery_MWh", "electrolysis": "E_smelter_MWh",
    "casting": "E_casthouse_MWh", "hot-rolling": "E_hot_MWh", "cold-rolling": "E_cold_MWh",
}  # fmt: skip


def process(kind):
    return f"{PLANT.id}/{kind}"


def profile():
    """What the plant's `party` statement has beside its roles."""
    site = {"id": SITE, "name": "Works", "country": "KZ", "zone": "KZ-N", "latitude": "51.7", "longitude": "75.3"}
    return {
        "sites": [site],
        "processes": [{"id": process(kind), "kind": kind, "site": SITE} for kind in KINDS],
        "meters": [{"id": f"{PLANT.id}/meter-{kind}", "site": SITE, "process": process(kind)} for kind in KINDS],
    }


def lot(number, name):
    return f"(01){gtin(number)}(10){name}"


def piece(number, name):
    return f"(01){gtin(number)}(21){name}"


def coil_of(tag):
    return piece(12, f"COIL-{tag}")


def slab_of(tag):
    return piece(10, f"SLAB-{tag}")


def time(hours):
    return (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def table(name):
    return {"id": name, "digest": known()[name].digest}


class ExamplePark:
    """Bodies of statements, with the inputs of the published example."""

    def __init__(self, inputs, results):
        self.s, self.r = inputs, results

    def g(self, tonnes):
        return int(tonnes * GRAMS)

    def bodies(self, tag, *, day):
        """The chain of one coil. Lots are of this chain alone."""
        s, r, base = self.s, self.r, day * 24
        bauxite, alumina, anode = lot(1, f"BX-{tag}"), lot(2, f"AL-{tag}"), lot(3, f"AN-{tag}")
        metal, scrap, alloying = lot(4, f"LM-{tag}"), lot(5, f"SC-{tag}"), lot(6, f"MG-{tag}")
        slab, band, rolled, out = slab_of(tag), piece(11, f"HB-{tag}"), coil_of(tag), lot(7, f"OUT-{tag}")
        yield self.new("mining", base, (bauxite, r["bauxite_t"]))
        yield self.made("refining", base, [(bauxite, r["bauxite_t"])], [(alumina, r["alumina_t"], "good")])
        yield self.new("anode-making", base, (anode, r["anode_net_t"]))
        inputs = [(alumina, r["alumina_t"]), (anode, r["anode_net_t"])]
        yield self.made("electrolysis", base, inputs, [(metal, s["liquid_t"], "good")])
        yield self.bought(base, [(scrap, s["scrap_in_t"], "scrap"), (alloying, s["alloy_in_t"], "alloying")])
        inputs = [(metal, s["liquid_t"]), (scrap, s["scrap_in_t"], "scrap"), (alloying, s["alloy_in_t"], "alloying")]
        outputs = [(slab, s["slab_t"], "good"), (out, s["butt_scrap_t"], "scrap")]
        yield self.made("casting", base, inputs, outputs, oxidation=s["dross_loss_t"])
        outputs = [(band, s["hotband_t"], "good"), (out, s["scalp_scrap_t"] + s["hr_scrap_t"], "scrap")]
        yield self.made("hot-rolling", base, [(slab, s["slab_t"])], outputs)
        outputs = [(rolled, s["coil_t"], "good"), (out, s["cr_scrap_t"], "scrap")]
        yield self.made("cold-rolling", base, [(band, s["hotband_t"])], outputs, oxidation=s["cr_loss_t"])
        yield self.annealed(base, rolled)

    def _event(self, kind, hours, **members):
        return "lot-event", {
            "@context": CONTEXT, "type": f"{kind}Event", "eventTime": time(hours), "eventTimeZoneOffset": "+00:00",
            "readPoint": {"id": f"https://id.gs1.org/414/{SITE.removeprefix('(414)')}"},
            **{name.replace("al_", "al:", 1): value for name, value in members.items() if value},
        }  # fmt: skip

    def made(self, kind, base, inputs, outputs, oxidation=0):
        start, length = WINDOWS[kind]
        masses = [(side, one) for side, of in (("input", inputs), ("output", outputs)) for one in of]
        return self._event(
            "Transformation",
            base + start + length,
            bizStep="other",
            inputEPCList=_pieces(inputs),
            inputQuantityList=self._amounts(inputs),
            outputEPCList=_pieces(outputs),
            outputQuantityList=self._amounts(outputs),
            al_process=process(kind),
            al_start=time(base + start),
            al_mass=[self._mass(side, one) for side, one in masses],
            al_role=[{"id": one[0], "role": one[2], "side": side} for side, one in masses if len(one) > 2],
            al_attributes=self._about(kind, outputs),
            al_loss=[{"kind": "oxidation", "g": self.g(oxidation)}] if oxidation else None,
        )

    def new(self, kind, base, part):
        start, length = WINDOWS[kind]
        return self._event(
            "Object", base + start + length, action="ADD", bizStep="commissioning", quantityList=self._amounts([part]),
            al_process=process(kind), al_start=time(base + start), al_attributes=self._about(kind, [part]),
        )  # fmt: skip

    def _about(self, kind, outputs):
        return [{"id": outputs[0][0], "material": MATERIALS[kind]}] if kind in MATERIALS else None

    def bought(self, base, parts):
        origin = [
            {"id": one[0], "kind": "outside", "supplier": "Yard", "document": "W1", "g": self.g(one[1])}
            for one in parts
        ]
        about = [{"id": one[0], "material": "scrap" if one[2] == "scrap" else "magnesium"} for one in parts]
        about[0]["scrapClass"] = "post-consumer"
        return self._event(
            "Object", base + 30, action="OBSERVE", bizStep="receiving", quantityList=self._amounts(parts),
            al_origin=origin, al_attributes=about,
        )  # fmt: skip

    def annealed(self, base, name):
        start, length = WINDOWS["annealing"]
        return self._event(
            "Object", base + start + length, action="OBSERVE", bizStep="other", epcList=[_link(name)],
            al_process=process("annealing"), al_start=time(base + start),
        )  # fmt: skip

    def _amounts(self, parts):
        return [
            {"epcClass": _link(one[0]), "quantity": self.g(one[1]), "uom": "GRM"} for one in parts if "(10)" in one[0]
        ]

    def _mass(self, side, one):
        return {"id": one[0], "g": self.g(one[1]), "basis": "dry", "method": "scale", "side": side}

    def hours(self, *, day):
        """(kind, hour since START, Wh) of one chain."""
        for kind, name in _POWER.items():
            start, length = WINDOWS[kind]
            whole = int(self.r[name] * GRAMS)
            assert whole % length == 0
            yield from ((kind, day * 24 + start + hour, whole // length) for hour in range(length))

    def streams(self, coils=1, *, grid="0.80"):
        """Emission sources of the period, for so many coils alike."""
        s, r = self.s, self.r
        scenario, annex = table("scenario-kz/1"), table("eu-2025-2547/annex-ii")
        fuels = table("ipcc-2006/combustion")
        both, own = ["cbam-direct", "footprint"], ["footprint"]

        def stream(kind, name, what, body, accounts=both, **more):
            return "emission-source", {
                "process": process(kind), "period": PERIOD, "stream": name, "kind": what, "status": "measured",
                "accounts": accounts, what: body, **more,
            }  # fmt: skip

        def gas(kind, tonnes, per, accounts=both):
            heat = int(s[tonnes] * s[per] * GRAMS) * coils if tonnes in s else int(r[tonnes] * s[per] * GRAMS) * coils
            body = {
                "fuel": "natural-gas",
                "quantity": heat,
                "unit": "kJ",
                "factor": str(s["ef_ng"]),
                "oxidation": "1",
                "biomass": "0",
            }
            return stream(kind, "gas", "fuel", body, accounts, table=fuels)

        def material(kind, name, tonnes, factor):
            body = {"name": name, "mass": self.g(tonnes) * coils, "factor": str(factor), "conversion": "1"}
            return stream(kind, name, "material", body, own, table=scenario, status="default")

        yield material("mining", "bauxite-mining", r["bauxite_t"], s["ef_mine"])
        yield gas("refining", "alumina_t", "ng_refinery", own)
        yield material("anode-making", "anode", r["anode_net_t"], s["ef_anode"])
        carbon = 1 - s["anode_S"] - s["anode_ash"]
        body = {"kind": "prebake", "net_consumed": self.g(r["anode_net_t"]) * coils, "carbon": str(carbon),
                "factor": str(s["f_C"]), "sulphur": str(s["anode_S"]), "ash": str(s["anode_ash"])}  # fmt: skip
        yield stream("electrolysis", "anodes", "anode", body, table=annex)
        body = {
            "method": "slope", "technology": "PFPB-M", "metal": self.g(s["liquid_t"]) * coils,
            "collection_efficiency": str(s["coll_eff"]), "c2f6_ratio": str(s["fc2f6"]),
            "frequency": str(s["ae_freq"]), "duration": str(s["ae_dur"]), "slope": str(s["sef"]),
        }  # fmt: skip
        yield stream("electrolysis", "pfc", "pfc", body, table=annex, gwp="AR5")
        yield gas("casting", "slab_t", "ng_cast")
        yield material("casting", "alloying", s["alloy_in_t"], s["ef_alloy"])
        yield gas("hot-rolling", "hotband_t", "ng_hot")
        yield gas("annealing", "coil_t", "ng_anneal")
        for kind in _POWER:
            body = {"energy": 0, "method": "grid", "factor": grid}
            yield stream(kind, "power", "electricity", body, own, table=scenario, status="default")

    def said(self):
        """Its streams by kind, the mine's fuel left out, and its close."""
        streams = {body["kind"]: body for _, body in self.streams() if body["stream"] != "bauxite-mining"}
        return {**streams, "close": self.close()[1]}

    def close(self, coils=1):
        """The period, closed, with what was made."""
        s = self.s
        activity = [
            {"process": process(kind), "cn": cn, "produced": self.g(s[tonnes]) * coils, "sold": sold * coils,
             "used": (self.g(s[tonnes]) - sold) * coils, "other": 0}
            for kind, cn, tonnes, sold in (
                ("electrolysis", "7601", "liquid_t", 0), ("casting", "76012030", "slab_t", 0),
                ("hot-rolling", "76061292", "hotband_t", 0),
                ("cold-rolling", "76061292", "coil_t", self.g(s["coil_t"])),
            )
        ]  # fmt: skip
        return "period-close", {"processes": [process(kind) for kind in KINDS], "period": PERIOD, "activity": activity}


def _link(name):
    digits = name.removeprefix("(01)")
    gtin14, key, value = digits[:14], digits[15:17], digits[18:]
    return f"https://id.gs1.org/01/{gtin14}/{key}/{value}"


def _pieces(parts):
    return [_link(one[0]) for one in parts if "(21)" in one[0]]


def changed(body, *path, to, **more):
    """A body with one thing in it changed, and `more` beside."""
    found = copy.deepcopy({**body, **more})
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return found
