"""Full bundles by an operator who cheats, or whom a plant has lied to: all of it is signed, included and committed to.

for source in cheated(Random(7), [told_by(mill, ["(01)…(21)B-1"])], 100): ...

Only step 11 can tell: an event was another before it was signed, or the passport says what its inputs do not give.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import count

from damaged import JUNK, Source, at, places, put
from forged_ledger import ForgedLedger
from forged_passports import committed, passport_of
from small_ledger import OPERATOR, PLANT, ROLLING, SECOND
from small_mill import CUSTOMER

from ledger.carbon.factors import known
from ledger.carbon.records import MODELS, Footprint, Part, Power, Restated, weakest
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.party import REGISTRY_TYPES
from ledger.kernel.statement import issue, parse
from ledger.kernel.trust import format_trust
from ledger.passport.footprint import Accounted, figures_of, members_of
from ledger.rules import rule_set

SIGNERS = {one.id: one.signer for one in (OPERATOR, PLANT, ROLLING, CUSTOMER)}
DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
# What reading an event raises that no schema was held against: there is no passport of it but the honest one.
OUT_OF_FORM = (KeyError, TypeError, ValueError, AttributeError, InvalidOperation, StopIteration)
OTHER_RULES = {"id": "coilmark-rules/9", "digest": b64url_encode(bytes(32))}


@dataclass(frozen=True)
class Told:
    """What was recorded in a ledger, each statement with its time; the same once more, and what passports say there."""

    statements: tuple[tuple[bytes, int], ...]
    ledger: ForgedLedger
    said: dict  # by piece: body and inputs


def told_by(mill, pieces):
    stored = map(mill.world.stored, range(mill.world.size))
    statements = tuple((one.wire, parse_entry(one.entry).recorded_at) for one in stored)
    ledger = replayed(statements, {})
    return Told(statements, ledger, {name: passport_of(ledger, name, rule_set()) for name in pieces})


def cheated(random, ledgers, number):
    """As many as asked for: one in ten honest, the others with an event, a passport or the choice of inputs forged."""
    makers = (_honest, *[_event_changed] * 4, *[_passport_changed] * 4, _inputs_changed)
    made = iter(lambda: _cheat(random, random.choice(ledgers), random.choice(makers)), "never")
    return [source for source, _ in zip(filter(None, made), range(number), strict=False)]


def _cheat(random, told, maker):
    try:
        return maker(random, told, random.choice(sorted(told.said)))
    except (CoilmarkError, ValueError):
        return None  # nothing that could be signed: it names no subject, or holds a number that is none


def _honest(random, told, piece):
    body, inputs = told.said[piece]
    return bundled(copied(told.ledger), piece, _with_footprint(random, body), inputs)


def _event_changed(random, told, piece):
    """An event says something else; the passport follows from that, or from what it had said."""
    honest, inputs = told.said[piece]
    events = [index for index in inputs if parse(told.ledger.wires[index]).typ == "lot-event"]
    index = random.choice(events)
    forged = replayed(told.statements, {index: changed(random, parse(told.ledger.wires[index]).body)})
    try:
        body, inputs = passport_of(forged, piece, rule_set())
    except (CoilmarkError, *OUT_OF_FORM):
        body = committed(forged, honest, inputs)
    return bundled(forged, piece, body, inputs)


def _passport_changed(random, told, piece):
    honest, inputs = told.said[piece]
    body = _with_footprint(random, honest)
    if random.random() < 0.1:
        body = {**body, "figures": [{**one, "rules": OTHER_RULES} for one in body["figures"]]}
    else:
        kept = {name: body[name] for name in ("id", "piece", "as_of", "inputs")}
        body = {**changed(random, {name: body[name] for name in body if name not in kept}), **kept}
    return bundled(copied(told.ledger), piece, body, inputs)


def _inputs_changed(random, told, piece):
    body, inputs = told.said[piece]
    wires = enumerate(told.ledger.wires)
    others = [index for index, wire in wires if parse(wire).typ not in (*REGISTRY_TYPES, "passport")]
    chosen = sorted({*inputs} ^ {random.choice(others)})
    return bundled(copied(told.ledger), piece, committed(told.ledger, body, chosen), chosen)


def copied(ledger):
    """To be written on."""
    own = {name: list(getattr(ledger, name)) for name in ("entries", "wires", "lineages")}
    return replace(ledger, registry=set(ledger.registry), newest=dict(ledger.newest), **own)


def replayed(statements, changed, signers=SIGNERS):
    """The same ledger once more, with other bodies at some indices, signed again by who had signed them."""
    ledger, salts = ForgedLedger(founding=None), count(1)
    for index, (stored, recorded_at) in enumerate(statements):
        said, wire = parse(stored), stored
        if index in changed:
            wire = issue(
                typ=said.typ, iss=said.iss, jti=said.jti, aud=said.aud, iat=said.iat, body=changed[index],
                signer=signers[said.iss], salt=lambda: next(salts).to_bytes(16, "big"),
            )  # fmt: skip
        ledger.record(wire, recorded_at=recorded_at)
        if said.typ in REGISTRY_TYPES:
            ledger.registry.add(index)
    return ledger


def _with_footprint(random, body):
    """The same with a footprint made up, mostly."""
    if random.random() < 0.3:
        return body
    accounted = _accounted(random, body["piece"], body["facts"].get("mass", 1), body["as_of"])
    figures = [*body["figures"], *figures_of(accounted.footprint, rule_set())]
    return {**body, "figures": figures, **members_of(accounted)}


def _accounted(random, piece, g, as_of):
    """A footprint of any size, whose figures are those of its breakdown."""
    power = tuple(
        _power(random, stage) for stage in random.sample(("electrolysis", "casting", "rolling"), random.randrange(4))
    )
    parts = tuple(_part(random, stage) for stage in ("electrolysis", "casting", "mining")[: random.randrange(4)])
    found = Footprint(
        piece=piece, g=g, parts=parts, power=power, coc_model=weakest(one.coc_model for one in power),
        provisional=random.random() < 0.5, gwp=random.choice(("", "AR5")), tables=tuple(sorted(known())[:2]),
        restated=tuple(Restated(entry, "reversed", entry) for entry in range(random.randrange(3))),
    )  # fmt: skip
    earlier = {"size": as_of["size"] - 1, "root": b64url_encode(bytes(32))}
    return Accounted(found, **random.choice((as_of, earlier)))


def _part(random, stage):
    t = Decimal(random.randrange(-10_000, 10**9)).scaleb(-random.randrange(3, 9))
    return Part(stage, "fuel", random.choice(("CO2", "CF4")), random.choice(("measured", "default")), t)


def _power(random, stage):
    hourly, volumetric, wh = sorted(random.randrange(10 ** random.randrange(1, 9)) for _ in range(3))
    location, *market = (Decimal(random.randrange(10**7)).scaleb(-7) for _ in range(3))
    wind = random.randrange(volumetric + 1)
    return Power(
        stage, wh, hourly, volumetric, location, *market, random.choice(MODELS),
        (("wind", wind), ("solar", volumetric - wind)),
    )  # fmt: skip


def bundled(ledger, piece, body, inputs):
    """The full bundle of a passport that says so, recorded a second after all else."""
    wire, last = ledger.statement(OPERATOR, "passport", body), ledger.entries[-1].recorded_at
    about = ledger.record(wire, recorded_at=last + SECOND)
    file = ledger.bundle(about, along=inputs, kind="full")
    return Source(file, format_trust(ledger.trust()).encode(), (None, piece))


def changed(random, body):
    """Something else in one place: another number, a value from elsewhere, junk, or less."""
    spots = [place for place in places(body) if place]
    numbers = [place for place in spots if type(at(body, place)) is int]
    change = random.random()
    if numbers and change < 0.4:
        place = random.choice(numbers)
        return put(body, place, random.choice(_numbers(at(body, place))))
    decimals = [place for place in spots if DECIMAL.fullmatch(str(at(body, place)))]
    if decimals and change < 0.5:
        place = random.choice(decimals)
        return put(body, place, _near(random, at(body, place)))
    place = random.choice(spots)
    if change < 0.6:
        return put(body, place, at(body, random.choice(spots)))
    if change < 0.8:
        return put(body, place, random.choice(JUNK[:-1]))
    return _less(body, place)


def _near(random, text):
    """One unit more or less in one of its places."""
    value = Decimal(text)
    step = Decimal(random.choice((-1, 1))).scaleb(random.randrange(value.as_tuple().exponent, 2))
    return f"{value + step:f}"


def _numbers(value):
    return (value + 1, value - 1, value * 2, value // 2, value * 200 // 201, 0, -value)


def _less(body, place):
    holder = at(body, place[:-1])
    if isinstance(holder, list):
        return put(body, place[:-1], holder[: place[-1]] + holder[place[-1] + 1 :])
    return put(body, place[:-1], {name: value for name, value in holder.items() if name != place[-1]})
