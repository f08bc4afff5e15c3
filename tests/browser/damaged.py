"""Receipts and bundles by the thousand: as they are, and damaged on the way.

for case in cases(Random(7), sources, 10_000): ...       # each a `Given`
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

from engine import Given
from json_places import at, places, put

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.trust import format_trust
from ledger.showing import passports
from ledger.store.access import ANYONE, EVERYTHING

JUNK = (
    None, True, False, 0, -1, 1, 5, 2**53 - 1, 2**53, "", "x", "é", "\u2028", "\x7f", [], {}, [0], {"a": 1}, "AAAA",
    "=", "0", "(01)09521141000014(21)C-1", "coilmark.bundle/v1", 10**30,
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A file as it was handed out, and what its reader holds."""

    file: bytes
    trust: bytes
    pieces: tuple[str | None, ...] = (None,)


def cases(random, sources, number):
    """As many as asked for: three in eleven as they are, the others damaged, some in two places."""
    return [_case(random, random.choice(sources)) for _ in range(number)]


def _case(random, source):
    file = source.file
    for _ in range(random.choice((0, 0, 0, *[1] * 7, 2))):
        file = random.choice(DAMAGES)(random, file)
    index = random.choice((None,) * 8 + (0, 3, 4))
    return Given(file, source.trust, random.choice(source.pieces), index, own=random.random() < 0.1)


# What happens to a file between two people.


def flipped(random, data):
    at = random.randrange(max(len(data), 1))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :] if data else data


def cut(random, data):
    at = random.randrange(len(data) + 1)
    return random.choice((data[:at], data[:at] + data[at + 1 :], data[:at] + data[at : at + 1] + data[at:]))


def stuffed(random, data):
    at = random.randrange(len(data) + 1)
    return (
        data[:at]
        + random.choice((b" ", b"\n", b"\\u0041", b"\xc3\xa9", b"\xff", b"NaN", b"1e3", b'"a":1,'))
        + data[at:]
    )


def edited(random, data):
    """Another value somewhere, in the one canonical spelling."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    spots = list(places(value))
    place = random.choice(spots)
    new = random.choice(JUNK) if random.random() < 0.5 else at(value, random.choice(spots))
    return compact(put(value, place, new))


def dropped(random, data):
    """A member or an element less, or two elements exchanged."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    holders = [place for place in places(value) if isinstance(at(value, place), (dict, list)) and at(value, place)]
    if not holders:
        return data
    place = random.choice(holders)
    held = at(value, place)
    held = dict(held) if isinstance(held, dict) else list(held)
    if isinstance(held, dict):
        del held[random.choice(list(held))]
    elif random.random() < 0.5:
        del held[random.randrange(len(held))]
    else:
        random.shuffle(held)
    return compact(put(value, place, held))


def within(random, data):
    """A byte changed inside what a string of the file spells in base64."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    texts = [place for place in places(value) if isinstance(at(value, place), str) and len(at(value, place)) % 4 == 0]
    if not texts:
        return data
    place = random.choice(texts)
    try:
        raw = b64decode(at(value, place), validate=True)
    except ValueError:
        return data
    return compact(put(value, place, b64encode(flipped(random, raw)).decode()))


def restated(random, data):
    """A statement's payload or header changed inside, without signing it again."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    told = [
        place for place in places(value) if place and place[-1] == "statement" and isinstance(at(value, place), str)
    ]
    if not told:
        return data
    place = random.choice(told)
    parts = at(value, place).split(".")
    number = random.randrange(len(parts))
    try:
        raw = b64url_decode(parts[number].split("~")[0])
    except CoilmarkError:
        return data
    parts[number] = b64url_encode(flipped(random, raw)) + parts[number][len(parts[number].split("~")[0]) :]
    return compact(put(value, place, ".".join(parts)))


def parcels(mill, coils, mill_piece):
    """Short, full and delivery bundles of a real mill's coils, each as a reader gets it."""
    trust, log = format_trust(mill.world.trust).encode(), mill.world.log
    for name in coils:
        found = passports.standing(log, canonical_id(mill_piece(name)))
        for reader in (ANYONE, EVERYTHING):
            yield Source(encode_bundle(passports.short(log, found, reader)), trust, (None, mill_piece(name), "x"))
        yield Source(encode_bundle(passports.full(log, found, EVERYTHING)), trust, (None, mill_piece(name)))
        sent = found.statement.body["steps"][-1]["entry"]
        yield Source(encode_bundle(passports.delivery(log, sent, EVERYTHING)), trust, (mill_piece(name),))


DAMAGES = (flipped, cut, stuffed, edited, edited, edited, dropped, dropped, within, within, within, restated)


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode("ascii")
