"""A small, real ledger for tests: keys from fixed seeds, a clock that a test moves, randomness that repeats.

    with small_ledger(tmp_path) as world:                # 0 ledger, 1 party plant, 2 key plant
        receipt = world.post(world.plant, "lot-event", coil("C-1"))   # 3
        assert verify_receipt(encode_receipt(receipt), world.trust).verified

What is posted goes through the same checks, the same store and the same log as in a server.
"""

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.checking.statements import check
from ledger.failpoints import unwatched
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Refused
from ledger.kernel.gs1_keys import check_digit
from ledger.kernel.keys import Signer, jwk, load_signer, possession_message
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.statement import issue, parse
from ledger.kernel.trust import parse_trust
from ledger.recording.log import Submission
from ledger.recording.opening import create_ledger, layout, open_log
from ledger.recording.receipts import receipt_of
from ledger.recording.recovery import rehash
from ledger.showing.bundles import Shelf, entry_bundle

URI = "https://ledger.example/park"
ORIGIN = "ledger.example/park"
PREFIX = "9521141"
START = 1_767_585_600_000_000  # 2026-01-05T04:00:00Z in µs
SECOND = 1_000_000
RULES = "coilmark-rules/4"


def pem(name):
    """The private key of this name, the same in every run."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signer(name):
    return load_signer(pem(name))


def with_check_digit(digits):
    return digits + check_digit(digits)


def gln(number):
    return with_check_digit(f"{PREFIX}{number:05d}")


@dataclass(frozen=True)
class Actor:
    """A party as a test plays it."""

    name: str
    id: str
    signer: Signer

    def profile(self, *roles, **changes):
        """The body of its `party` statement."""
        empty = {"sites": [], "processes": [], "devices": [], "meters": []}
        return {"id": self.id, "name": self.name, "roles": list(roles), "prefixes": [PREFIX], **empty, **changes}

    def with_key(self, name):
        """The same party, signing with another key."""
        return Actor(self.name, self.id, signer(name))

    def addition(self, uri=URI):
        """This key as a `key` statement adds it, with proof of possession."""
        proof = self.signer.sign(possession_message(uri, self.id, self.signer.key.kid))
        return {"jwk": jwk(self.signer.key), "proof": b64url_encode(proof)}


def actor(name, number):
    return Actor(name, f"(417){gln(number)}", signer(name))


OPERATOR = actor("operator", 1)
PLANT = actor("plant", 2)
ROLLING = actor("rolling", 3)
ROLES = ("lot-event", "certificate", "contract", "energy-consumption")


def gtin(number=1):
    return with_check_digit(f"0{PREFIX}{number:05d}")


def piece(serial, number=1):
    return f"(01){gtin(number)}(21){serial}"


def link(serial, number=1):
    return f"https://id.gs1.org/01/{gtin(number)}/21/{serial}"


def coil(*serials, action="ADD", **changes):
    """An event that commissions pieces of product 1."""
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "ObjectEvent",
        "action": action,
        "bizStep": "commissioning",
        "eventTime": "2026-01-05T08:59:00.000+05:00",
        "eventTimeZoneOffset": "+05:00",
        "epcList": [link(serial) for serial in serials],
        **changes,
    }


def ledger_body(uri=URI, origin=ORIGIN, log="log", **changes):
    return {
        "uri": uri,
        "origin": origin,
        "log_keys": [format_vkey(vkey_of(origin, signer(log).key))],
        "operator": OPERATOR.profile(),
        "keys": [OPERATOR.addition(uri)],
        "rules": {"id": "coilmark-rules/2", "digest": b64url_encode(bytes(32))},  # as published vectors have it
        "incarnation": 0,
        **changes,
    }


@dataclass
class World:
    """An open ledger, its people, and what a reader of it would hold."""

    places: object
    uri: str
    origin: str
    now: int = START
    log: object = None
    operator: Actor = OPERATOR
    plant: Actor = PLANT
    rolling: Actor = ROLLING
    reached: object = unwatched  # called with each step of an append: see ledger.failpoints
    issuer: object = None  # of passports; none are made without
    _numbers: count = field(default_factory=count)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._open.close()

    def clock(self):
        return self.now

    def _step(self, step):
        self.reached(step)

    def randomness(self, size):
        return hashlib.shake_128(f"randomness {next(self._numbers)}".encode()).digest(size)

    @property
    def trust_text(self):
        """A trust file: this log, no witness, no pins."""
        return f"log {format_vkey(vkey_of(self.origin, signer('log').key))}\nquorum none\n"

    @property
    def trust(self):
        return parse_trust(self.trust_text)

    @property
    def size(self):
        return self.log.state.published.checkpoint.size

    def statement(self, who, typ, body, *, jti=None, aud=None, iat=None):
        """A signed statement in wire form, not posted."""
        return issue(
            typ=typ,
            iss=who.id,
            jti=jti or f"urn:example:{next(self._numbers)}",
            aud=aud or self.uri,
            iat=self.now // SECOND if iat is None else iat,
            body=body,
            signer=who.signer,
            salt=lambda: self.randomness(16),
        )

    def check(self, wire):
        """What a server does before it hands a statement to the log."""
        return check(wire, audience=self.uri, keys=self.log.state.registry.all_keys())

    def submit(self, *wires):
        """Record statements in one submission, a second later; the receipts. Raises Refused."""
        self.now += SECOND
        (outcome,) = self.log.append([Submission(tuple(self.check(wire) for wire in wires))])
        if isinstance(outcome, Refused):
            raise outcome
        return outcome.receipts

    def post(self, who, typ, body, **claims):
        """Sign and record one statement; its receipt. Raises Refused."""
        return self.submit(self.statement(who, typ, body, **claims))[0]

    def enrol(self, who, *roles):
        """Two entries by the operator: the party and its first key."""
        self.post(self.operator, "party", who.profile(*roles))
        self.post(self.operator, "key", {"party": who.id, "add": [who.addition(self.uri)]})

    def add_key(self, who, new, by=None, **body):
        """A key statement for the party of `who` that adds the key of `new`."""
        return self.post(by or who, "key", {"party": who.id, "add": [new.addition(self.uri)], **body})

    def end_key(self, who, kid, reason="rotated", by=None, **ending):
        """A key statement for the party of `who` that ends a key."""
        return self.post(by or who, "key", {"party": who.id, "end": [{"kid": kid, "reason": reason, **ending}]})

    def stored(self, index):
        with self.log.store.reading() as transaction:
            return transaction.entry(index)

    def receipt(self, index, *, may_see=True):
        """The receipt of an entry under the newest checkpoint."""
        stored = self.stored(index)
        iss = parse(stored.wire).iss
        published = self.log.state.published
        path = self.log.tree.inclusion_path(index, published.checkpoint.size)
        return receipt_of(rehash(stored), iss, path, published.note, may_see=may_see)

    def bundle(self, index, *, may_see=True):
        """The bundle of kind "entry" under the newest checkpoint."""
        with self.log.store.reading() as transaction:
            return entry_bundle(Shelf(transaction, self.log.tree, self.log.state.published), index, may_see=may_see)

    def reopen(self):
        """Close and open again, as a restart does."""
        self.close()
        self._open = ExitStack()
        log = open_log(
            self.places, clock=self.clock, randomness=self.randomness, reached=self._step, issuer=self.issuer
        )
        self.log = self._open.enter_context(log)


@dataclass(frozen=True)
class Kept:
    """A closed world as it lay in its folder, to be laid into others: to make one anew takes five times as long."""

    files: tuple  # path below the folder, mode, bytes
    now: int
    number: int

    def world(self, folder, uri=URI, origin=ORIGIN):
        """As it was, closed."""
        for name, mode, data in self.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
            (folder / name).chmod(mode)
        return World(layout(folder / "ledger"), uri, origin, self.now, _numbers=count(self.number))


def keep(world):
    """A closed one; its random numbers go on from here."""
    folder = world.places.folder.parent
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    kept = ((str(path.relative_to(folder)), path.stat().st_mode & 0o777, path.read_bytes()) for path in files)
    return Kept(tuple(kept), world.now, next(world._numbers))


def small_ledger(folder, *, uri=URI, origin=ORIGIN, place=None, head=None, rules=RULES):
    """A ledger in `folder`: index 0, then the plant's party (1) and first key (2). A context manager.

    `place` is a place on a PostgreSQL server for its database, see `postgres_server`; `head` is its second head's.
    """
    if place or head:
        return founded(folder, uri, origin, rules, place=place, head=head)
    world = _kept(uri, origin, rules).world(folder, uri, origin)
    world.reopen()
    return world


@cache
def _kept(uri, origin, rules):
    with TemporaryDirectory() as folder:
        with founded(Path(folder), uri, origin, rules) as world:
            pass
        return keep(world)


def founded(folder, uri=URI, origin=ORIGIN, rules=RULES, *, place=None, head=None):
    """The same, whether one was made before or not."""
    world = World(layout(folder / "ledger", head, place and place.writer), uri, origin)
    world.places.folder.mkdir(parents=True)
    world.places.log_key.write_bytes(pem("log"))
    body = ledger_body(uri, origin, rules={"id": rules, "digest": b64url_encode(bytes(32))})
    founding = world.statement(OPERATOR, "ledger", body)
    owner = place and place.owner
    create_ledger(world.places, uri, founding, owner=owner, clock=world.clock, randomness=world.randomness)
    world.reopen()
    world.enrol(world.plant, *ROLES)
    return world
