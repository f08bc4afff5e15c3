"""Bundles from what is stored: entries and all it takes to know who signed them (SPEC 4.6, the prover's side)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.kernel.bundle import Bundle, BundleEntry
from ledger.kernel.errors import Missing, TooLarge
from ledger.kernel.statement import Statement, parse
from ledger.kernel.subjects import subject_key
from ledger.limits import BUNDLE, BUNDLE_ENTRIES
from ledger.merkle.tree import Tree
from ledger.recording.receipts import Published, opened_lineage
from ledger.recording.recovery import Sound, rehash
from ledger.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where bundles come from: one snapshot of the store, the tree, and the checkpoint they are proven under."""

    transaction: Transaction
    tree: Tree
    published: Published

    def sound(self, index: int) -> Sound:
        """An entry, hashed again. Raises Missing for one that the checkpoint does not cover, Damaged."""
        size = self.published.checkpoint.size
        if index >= size:
            raise Missing("no_entry", f"entry {index} is not among the {size} entries of the checkpoint", index=index)
        return rehash(self.transaction.entry(index))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An entry that a bundle holds for its own sake. `wire` is its statement as this reader may see it, or None.

    `opens` are subjects whose items he sees in any case.
    """

    sound: Sound
    wire: bytes | None
    opens: frozenset[bytes] = frozenset()

    @property
    def index(self) -> int:
        """The index of the entry."""
        return self.sound.stored.index


def entry_bundle(shelf: Shelf, index: int, *, may_see: bool) -> Bundle:
    """One entry with index 0 and the whole party histories of its issuer and the operator, under one checkpoint.

    Without `may_see` the statement and its issuer are kept back, and with them the issuer's history.
    Raises Missing for an entry that the checkpoint does not cover, Damaged for stored bytes that are not as recorded.
    """
    sound = shelf.sound(index)
    return _bundle(shelf, "entry", index, [Exhibit(sound, sound.stored.wire if may_see else None)])


def short_bundle(shelf: Shelf, passport: int, *, hidden: Collection[str]) -> Bundle:
    """The passport at this entry, without the disclosures named in `hidden`. Raises Missing, Damaged."""
    return _bundle(shelf, "short", passport, [_passport(shelf, passport, hidden)])


def full_bundle(
    shelf: Shelf, passport: int, inputs: Collection[int], *, may_see: Callable[[str], bool], hidden: Collection[str]
) -> Bundle:
    """The passport and its inputs, of which the statements of issuers that the reader may see are shown.

    Raises Missing, Damaged; TooLarge where it would be larger than a bundle may be.
    """
    if len(inputs) > BUNDLE_ENTRIES:
        raise TooLarge("bundle_size", f"the passport has {len(inputs)} inputs, a bundle holds {BUNDLE_ENTRIES} entries")
    exhibits = [_input(shelf.sound(index), may_see) for index in inputs]
    return _bundle(shelf, "full", passport, [*exhibits, _passport(shelf, passport, hidden)])


def delivery_bundle(
    shelf: Shelf,
    event: int,
    passports: Collection[int],
    *,
    may_see: Callable[[str], bool],
    hidden: Callable[[Statement], Collection[str]],
) -> Bundle:
    """A shipping event and the passports at these entries, one of each piece in it. Raises as `full_bundle`."""
    exhibits = []
    for index in passports:
        sound = shelf.sound(index)
        statement = parse(sound.stored.wire)
        exhibits.append(Exhibit(sound, _without(statement, hidden(statement))))
    return _bundle(shelf, "delivery", event, [_input(shelf.sound(event), may_see), *exhibits])


def attestation_bundle(shelf: Shelf, name: str, heads: int | None, *, may_see: Callable[[str], bool]) -> Bundle:
    """An attestation with all that was done with it, and the entry of `heads` that bounds what is not in it, if any.

    Raises Missing for an attestation that is not there, Damaged, TooLarge.
    """
    subject = subject_key("attestation", name)
    size = shelf.published.checkpoint.size
    history = [index for index in shelf.transaction.versions(subject) if index < size]
    if not history:
        raise Missing("no_attestation", f"there is no attestation {name} in {size} entries", id=name)
    opens = frozenset({subject})
    exhibits = [_input(shelf.sound(index), may_see, opens) for index in history]
    if heads is not None:
        sound = shelf.sound(heads)
        exhibits.append(Exhibit(sound, sound.stored.wire, opens))
    return _bundle(shelf, "attestation", history[0], exhibits)


def _without(statement: Statement, hidden: Collection[str]) -> bytes:
    """The wire form of a statement without its disclosures of these names."""
    shown = (one.text.encode("ascii") for one in statement.disclosures if one.name not in hidden)
    return b"~".join((statement.jwt, *shown, b""))


def _passport(shelf: Shelf, index: int, hidden: Collection[str]) -> Exhibit:
    sound = shelf.sound(index)
    return Exhibit(sound, _without(parse(sound.stored.wire), hidden))


def _input(sound: Sound, may_see: Callable[[str], bool], opens: frozenset[bytes] = frozenset()) -> Exhibit:
    wire = sound.stored.wire
    return Exhibit(sound, wire if may_see(parse(wire).iss) else None, opens)


def _bundle(shelf: Shelf, kind: str, about: int, exhibits: Sequence[Exhibit]) -> Bundle:
    """The exhibits, and the histories of all who signed or were changed by what is shown of them.

    The histories go to the checkpoint's size, beyond the exhibits, so that a reader learns of keys that ended since or
    are disputed.
    """
    shown = {one.index: one for one in exhibits}
    told = {one.index: parse(one.wire) for one in exhibits if one.wire is not None}
    history = _history(shelf, told)
    rows = {one: shown[one].sound if one in shown else shelf.sound(one) for one in {*shown, *history}}
    indices = sorted(rows)
    statements = sum(len(sound.stored.jwt) for sound in rows.values())
    if len(rows) > BUNDLE_ENTRIES or statements > BUNDLE:
        raise TooLarge("bundle_size", f"the bundle would hold {len(rows)} entries and {statements} bytes of statements")
    return Bundle(
        kind=kind,
        about=about,
        entries=tuple(
            _whole(shown[one], told[one])
            if one in told
            else _of_history(rows[one], may_see=one in history, opens=shown[one].opens if one in shown else frozenset())
            for one in indices
        ),
        proof=tuple(shelf.tree.multi_path(indices, shelf.published.checkpoint.size)),
        checkpoint=shelf.published.note,
    )


def _history(shelf: Shelf, told: Mapping[int, Statement]) -> set[int]:
    """Where the registry statements stand that it takes: of the operator, who enrols, and of those `told` is about."""
    founding = parse(shelf.transaction.entry(0).wire)
    parties = {founding.iss, *(party for statement in told.values() for party in _parties(statement))}
    versions = (shelf.transaction.versions(subject_key("party", party)) for party in parties)
    size = shelf.published.checkpoint.size
    return {0, *(index for found in versions for index in found if index < size)}


def _parties(statement: Statement) -> Iterator[str]:
    """Who signed, and whom a registry statement changes."""
    yield statement.iss
    if statement.typ == "ledger":
        yield statement.body["operator"]["id"]
    member = {"party": "id", "key": "party"}.get(statement.typ)
    if member is not None:
        yield statement.body[member]


def _whole(one: Exhibit, statement: Statement) -> BundleEntry:
    lineage = one.sound.lineage
    if statement.typ == "heads" and one.opens:  # it names everything there is; this reader asked for one thing
        subjects = {subject_key("party", statement.iss), *one.opens}
        return BundleEntry(one.sound.entry, len(lineage.items), lineage.opened(subjects), one.wire)
    return BundleEntry(one.sound.entry, len(lineage.items), opened_lineage(lineage, statement.iss, one.opens), one.wire)


def _of_history(sound: Sound, *, may_see: bool, opens: frozenset[bytes]) -> BundleEntry:
    """One entry. Of a history only the items of parties are opened: they are what makes it a history."""
    count = len(sound.lineage.items)
    if not may_see:
        return BundleEntry(sound.entry, count, sound.lineage.opened(opens), None)
    statement = parse(sound.stored.wire)
    parties = {subject_key("party", party) for party in _parties(statement)}
    return BundleEntry(sound.entry, count, sound.lineage.opened(parties), sound.stored.wire)
