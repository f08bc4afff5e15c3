"""The example's statements, signed: what a plant and its power producer post, and who they are."""

from example_park import KINDS, SITE, ExamplePark, process, profile, time
from small_ledger import PLANT, actor, gtin

POWER = actor("power", 9)
FARM = f"(414){gtin(78)[1:]}"
ROLES = ("lot-event", "energy-attestation", "energy-consumption", "energy-action", "energy-allocation",
         "emission-source", "period-close")  # fmt: skip
_STORE, _CHARGING = f"{PLANT.id}/store", f"{PLANT.id}/charging"
_SCENARIO_FACTOR = "0"


def parties(world):
    """Enrolled, with what they have registered."""
    site = {"id": FARM, "name": "Farm", "country": "KZ", "zone": "KZ-N", "latitude": "51.9", "longitude": "75.1"}
    device = {"id": f"{POWER.id}/wind", "kind": "generator", "site": FARM, "capacity": 40_000_000, "source": "wind"}
    meter = {"id": f"{POWER.id}/meter", "site": FARM, "device": device["id"]}
    world.post(world.operator, "party", POWER.profile(*ROLES, sites=[site], devices=[device], meters=[meter]))
    world.post(world.operator, "key", {"party": POWER.id, "add": [POWER.addition(world.uri)]})
    own = profile()
    own["processes"].append({"id": _CHARGING, "kind": "energy-storage", "site": SITE})
    own["devices"] = [
        {"id": _STORE, "kind": "energy-storage", "site": SITE, "capacity": 40_000_000, "efficiency": "0.85"}
    ]
    own["meters"] += [
        {"id": f"{PLANT.id}/charge-meter", "site": SITE, "process": _CHARGING},
        {"id": f"{PLANT.id}/store-meter", "site": SITE, "device": _STORE},
    ]
    world.post(world.operator, "party", PLANT.profile(*ROLES, **own))


class Signed(ExamplePark):
    """Statements as (who, typ, body), in an order that the ledger takes."""

    def attested(self, hour, wh, who=POWER, **more):
        """An attestation of one hour since START; its id."""
        name = f"{who.id}/att-{hour}"
        equipment = ("wind", "meter", "wind") if who is POWER else ("store", "store-meter", "wind")
        device, meter, source = equipment
        yield who, "energy-attestation", {
            "id": name, "device": f"{who.id}/{device}", "meter": f"{who.id}/{meter}", "from": time(hour),
            "to": time(hour + 1), "wh": wh, "source": source, "quality": "measured", "support": "none",
            "dissemination": "private-grid", "disclosure": True, "configuration": 1, "expires": "2039-01-01T00:00:00Z",
            "emissions": {"factor": _SCENARIO_FACTOR, "basis": "direct", "table": self.scenario}, **more,
        }  # fmt: skip
        if who is POWER:
            yield POWER, "energy-action", {
                "attestation": name, "action": "transfer", "slices": [{"from_wh": 0, "to_wh": wh}], "to": PLANT.id,
            }  # fmt: skip

    @property
    def scenario(self):
        return next(body["table"] for _, body in self.streams() if body["stream"] == "power")

    def chain(self, tag, day):
        """The lot events of one coil."""
        return ((PLANT, typ, body) for typ, body in self.bodies(tag, day=day))

    def rest(self, coils=1):
        """Emissions of the period, and its close."""
        return ((PLANT, typ, body) for typ, body in (*self.streams(coils), self.close(coils)))

    def consumption(self, day):
        """Metered hours of one chain: one record a process."""
        drawn = {}
        for kind, hour, wh in self.hours(day=day):
            drawn.setdefault(kind, []).append((hour, wh))
        for kind, hours in drawn.items():
            yield PLANT, "energy-consumption", self._record(f"{kind}-{hours[0][0]}", process(kind), hours, kind)

    def _record(self, name, drawing, hours, meter):
        return {
            "id": f"{PLANT.id}/{name}", "process": drawing, "from": time(hours[0][0]), "wh": [wh for _, wh in hours],
            "method": "meter", "meter": f"{PLANT.id}/meter-{meter}" if meter in KINDS else f"{PLANT.id}/{meter}",
        }  # fmt: skip

    def row(self, attested, start, end, record, position):
        return {
            "attestation": attested, "from_wh": start, "to_wh": end, "consumption": f"{PLANT.id}/{record}",
            "hour": position, "delivery": "same-zone",
        }  # fmt: skip

    def allocated(self, rows, matching="hourly"):
        return PLANT, "energy-allocation", {
            "matching": matching, "purpose": "footprint", "beneficiary": PLANT.id, "rows": rows,
        }  # fmt: skip

    def covered(self, day, share):
        """Every hour of one chain, to this percentage."""
        rows, first = [], {}
        for kind, hour, wh in self.hours(day=day):
            first.setdefault(kind, hour)
            green = wh * share // 100
            if green:
                yield from self.attested(hour, green)
                record = f"{kind}-{first[kind]}"
                rows.append(self.row(f"{POWER.id}/att-{hour}", 0, green, record, hour - first[kind]))
        if rows:
            yield self.allocated(rows)

    def by_the_hour(self, day, *, store=False):
        """The example's own day: too much at first, too little later; by volume, or put into a store."""
        hours = [(hour, wh) for kind, hour, wh in self.hours(day=day) if kind == "electrolysis"]
        offered = [18_000_000] * 8 + [9_000_000] * 8 + [2_295_000] * 8
        first, record, rows, spare = hours[0][0], f"electrolysis-{hours[0][0]}", [], []
        for (hour, wh), offer in zip(hours, offered, strict=True):
            yield from self.attested(hour, offer)
            name = f"{POWER.id}/att-{hour}"
            rows.append(self.row(name, 0, min(wh, offer), record, hour - first))
            spare += [(name, wh, offer)] if offer > wh else []
        yield self.allocated(rows)
        lacking = [(hour - first, wh - offer) for (hour, wh), offer in zip(hours, offered, strict=True) if wh > offer]
        if store:
            yield from self._stored(first, record, spare, lacking)
        else:
            yield self.allocated(list(self._beside(record, spare, lacking)), "volumetric")

    def _beside(self, record, spare, lacking):
        """What is too much covers what is lacking, by volume."""
        lacking = list(lacking)
        for name, first, end in spare:
            start = first
            while start < end:
                position, wh = lacking[0]
                take = min(wh, end - start)
                yield self.row(name, start, start + take, record, position)
                start += take
                lacking[0] = (position, wh - take)
                if not lacking[0][1]:
                    lacking.pop(0)

    def _stored(self, first, record, spare, lacking):
        """What is too much is charged, and comes back later: 85 % of it, in parts of which that is a whole number."""
        charged = [(first + position, end - start) for position, (_, start, end) in enumerate(spare)]
        yield PLANT, "energy-consumption", self._record("charging", _CHARGING, charged, "charge-meter")
        rows = [self.row(name, start, end, "charging", position) for position, (name, start, end) in enumerate(spare)]
        yield self.allocated(rows)
        left, rows = [wh for _, wh in charged], []
        for position, wh in lacking:
            back = min(wh, sum(left) * 17 // 20) // 17 * 17
            if not back:
                break
            charges, need = [], back * 20 // 17
            for number, there in enumerate(left):
                take = min(need, there)
                if take:
                    charges.append({"consumption": f"{PLANT.id}/charging", "hour": number, "wh": take})
                    left[number], need = there - take, need - take
            storage = {"method": "fifo", "efficiency": "0.85", "charges": charges}
            yield from self.attested(first + position, back, PLANT, storage=storage)
            rows.append(self.row(f"{PLANT.id}/att-{first + position}", 0, back, record, position))
        yield self.allocated(rows)
