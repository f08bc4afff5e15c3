"""What an operator who cheats could sign: entries as he likes them, in a tree that he has made himself, no rules.

    forged = ForgedLedger()                                   # 0 ledger, 1 party plant, 2 key plant, all honest
    forged.add(PLANT.with_key("thief"), "lot-event", coil("C-1"))
    forged.bundle(3)                                          # bytes; everything in it is included and signed

Where a test says nothing, an entry is as an honest operator would have made it. Not for speed.
"""

from dataclasses import dataclass, field, replace
from itertools import count

import slow_merkle
from small_ledger import OPERATOR, ORIGIN, PLANT, ROLES, SECOND, START, URI, coil, ledger_body, signer

from ledger.kernel.bundle import Bundle, BundleEntry, encode_bundle
from ledger.kernel.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from ledger.kernel.entry import Entry
from ledger.kernel.hashing import NO_HASH
from ledger.kernel.implied import implied
from ledger.kernel.lineage import NO_INDEX, NO_LEAF, Item, Role, lineage_of
from ledger.kernel.note import cosignature_line, format_vkey, vkey_of
from ledger.kernel.party import REGISTRY_TYPES
from ledger.kernel.receipt import Receipt, encode_receipt
from ledger.kernel.statement import issue, parse
from ledger.kernel.subjects import Want, subject_key
from ledger.kernel.tlog_proof import TlogProof, format_tlog_proof
from ledger.kernel.trust import parse_trust

SALT = bytes(range(16))


@dataclass
class ForgedLedger:
    """Entries, statements and lineages as they were added, and the key that signs what comes of it."""

    founding: dict = field(default_factory=dict)  # changes to the body of index 0; None: no entry yet
    log: str = "log"
    origin: str = ORIGIN
    founder: object = OPERATOR
    entries: list = field(default_factory=list)
    wires: list = field(default_factory=list)
    lineages: list = field(default_factory=list)
    registry: set = field(default_factory=set)  # where the registry statements stand
    newest: dict = field(default_factory=dict)  # subject key -> (version, index, leaf)

    def __post_init__(self):
        if self.founding is None:
            return
        self.add(self.founder, "ledger", ledger_body(**{"origin": self.origin, **self.founding}))
        self.add(OPERATOR, "party", PLANT.profile(*ROLES))
        self.add(OPERATOR, "key", {"party": PLANT.id, "add": [PLANT.addition()]})

    def statement(self, who, typ, body, aud=URI, iat=START // SECOND):
        number, salts = len(self.wires), count(1)
        return issue(
            typ=typ, iss=who.id, jti=f"urn:example:{number}", aud=aud, iat=iat, body=body, signer=who.signer,
            salt=lambda: next(salts).to_bytes(16, "big"),
        )  # fmt: skip

    def add(self, who, typ, body, items=lambda honest: honest, **claims):
        """An entry of a statement by `who`, honest in all that the statement and `items` do not forge; its index."""
        if typ in REGISTRY_TYPES:
            self.registry.add(len(self.entries))
        return self.record(self.statement(who, typ, body, **claims), items)

    def record(self, wire, items=lambda honest: honest, **changes):
        """An entry of these signed bytes; its index.

        `items` are its lineage, or a function that changes the honest one; `changes` go to the entry's own fields.
        """
        made = items if isinstance(items, list) else items(self.honest_items(wire))
        lineage = lineage_of(len(self.entries).to_bytes(32, "big"), sorted(made, key=lambda item: item.subject))
        index = len(self.entries)
        honest = Entry(
            index=index,
            recorded_at=START + index * SECOND,
            previous=self.entries[-1].leaf if self.entries else NO_HASH,
            statement=slow_merkle.sha256(wire.split(b"~")[0]).digest(),
            lineage=lineage.digest,
        )
        entry = replace(honest, **changes)
        for item in made:
            if item.role is not Role.REFERENCE:
                self.newest[item.subject] = (item.version, index, entry.leaf)
        self.entries.append(entry)
        self.wires.append(wire)
        self.lineages.append(lineage)
        return index

    def honest_items(self, wire):
        said = parse(wire)
        wants = {one.key: one.want for one in implied(said.typ, said.iss, said.aud, said.body)}
        wants.setdefault(subject_key("party", said.iss), Want.REFERENCE)
        items = [self.item(subject, want) for subject, want in wants.items()]
        return [item for item in items if item.version]  # nothing can refer to what was never there

    def item(self, subject, want):
        version, index, leaf = self.newest.get(subject, (0, NO_INDEX, NO_LEAF))
        if want is Want.REFERENCE:
            return Item(Role.REFERENCE, subject, version, index, leaf)
        if want is Want.CONSUME:
            return Item(Role.CONSUME, subject, version + 1, index, leaf)
        made = want in {Want.CREATE, Want.ADVANCE} and version == 0
        return Item(Role.CREATE if made else Role.TOUCH, subject, version + 1, index, leaf)

    @property
    def leaves(self):
        return [entry.leaf for entry in self.entries]

    def note(self, *cosigners, key=None):
        """The checkpoint of all entries, cosigned by (name, POSIX seconds)."""
        checkpoint = Checkpoint(self.origin, len(self.entries), slow_merkle.mth(self.leaves))
        text = format_checkpoint(checkpoint)
        lines = "".join(cosignature_line(text, name, signer(name), seconds) for name, seconds in cosigners)
        return sign_checkpoint(checkpoint, self.origin, signer(key or self.log)) + lines

    def opened(self, index, shown=None):
        lineage = self.lineages[index]
        return lineage.opened({item.subject for item in lineage.items} if shown is None else shown)

    def shown(self, index, **changes):
        count = len(self.lineages[index].items)
        return replace(BundleEntry(self.entries[index], count, self.opened(index), self.wires[index]), **changes)

    def receipt(self, index, *cosigners, at=None, **changes):
        """A receipt file; `at` takes the path of another entry, `changes` the receipt's own fields."""
        where = index if at is None else at
        path = tuple(slow_merkle.path(where, self.leaves))
        proof = format_tlog_proof(TlogProof(where, path, self.note(*cosigners)))
        one = self.shown(index)
        return encode_receipt(replace(Receipt(one.entry, one.count, one.opened, one.statement, proof), **changes))

    def bundle(self, about, *cosigners, without=(), along=(), changed=None, **changes):
        """A bundle file of an entry and all registry statements, but not `without`, and those `along` with them.

        `changed` maps an index to changes of what is shown of it, `changes` go to the bundle's own fields.
        """
        indices = sorted({about, *along, *self.registry} - set(without))
        shown = tuple(self.shown(index, **(changed or {}).get(index, {})) for index in indices)
        proof = tuple(slow_merkle.multi(indices, self.leaves))
        return encode_bundle(replace(Bundle("entry", about, shown, proof, self.note(*cosigners)), **changes))

    def trust(self, *lines, log=None, quorum="none"):
        """What a reader of this ledger holds, with further lines (witness, group, party) before the quorum."""
        first = f"log {format_vkey(vkey_of(self.origin, signer(log or self.log).key))}"
        return parse_trust("\n".join([first, *lines, f"quorum {quorum}", ""]))


def witness(name):
    """The line of a trust file for this witness."""
    return f"witness {name} {format_vkey(vkey_of(name, signer(name).key, 0x04))}"


def with_a_coil(**founding):
    """A forged ledger, honest so far, whose entry 3 is an event of the plant's."""
    forged = ForgedLedger(**founding)
    forged.add(PLANT, "lot-event", coil("C-1"))
    return forged


def renew(forged):
    """The next entry begins incarnation 1, under another origin and log key; its index."""
    origin, log = f"{forged.origin}/2", "log-2"
    keys = [format_vkey(vkey_of(origin, signer(log).key))]
    body = {**parse(forged.wires[0]).body, "incarnation": 1, "origin": origin, "log_keys": keys, "keys": []}
    index = forged.add(OPERATOR, "ledger", body)
    forged.origin, forged.log = origin, log
    return index
