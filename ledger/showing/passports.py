"""What readers are shown of a piece: its newest passport, whether it still says what is so, and its bundles."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from ledger.admission.lot_records import read_records
from ledger.issuing.passport_source import StoreSource
from ledger.kernel.bundle import Bundle
from ledger.kernel.errors import Missing, Unauthorised
from ledger.kernel.statement import Statement
from ledger.kernel.subjects import may_create, subject_key
from ledger.lots.book import lot_key
from ledger.lots.records import Lot
from ledger.passport.body import pieces_sent_off
from ledger.passport.codes import Codes
from ledger.passport.evidence import of_ranges
from ledger.passport.story import story_of
from ledger.questions.asking import Asked
from ledger.recording.log import Log
from ledger.recording.recovery import Sound, sound_in, statement_of
from ledger.showing.bundles import Shelf, delivery_bundle, full_bundle, short_bundle
from ledger.store.access import Reader
from ledger.store.store import Transaction

CHANGING = ("lot-event", "certificate", "verification")  # what a passport is computed from
NOTHING_PENDING: Mapping[str, int] = {}
# SPEC 4.9.5: whose order it was is for the operator, the maker and auditors; the label's code does not show it.
HIDEABLE = ("order", "customer_part")


@dataclass(frozen=True, slots=True)
class Gist:
    """What is asked of a passport before it is shown: the size it was computed as of, and who may see what of it.

    Its footprint may be of an earlier size: all below `has_seen` is in both. `hideable` are the names of the
    disclosures that it has and not every reader is shown, all of them members of `facts`.
    """

    as_of: int
    has_seen: int
    states_footprint: bool
    issuer: str
    maker: str
    hideable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest passport of a piece. `since` is the first entry that changes the piece and is not in it, or None.

    `read` gives the statement: it is long, is read once, and a page that was made before does without.
    """

    piece: str
    sound: Sound
    gist: Gist
    since: int | None
    read: Callable[[], Statement]

    @property
    def index(self) -> int:
        """The entry of the passport."""
        return self.sound.entry.index

    @property
    def statement(self) -> Statement:
        """All that it says."""
        return self.read()

    def kept_back(self, reader: Reader) -> tuple[str, ...]:
        """The names of what it says and does not show to this reader."""
        return _kept_back(self.gist, reader)

    def body(self, reader: Reader) -> dict[str, Any]:
        """What it says to this reader."""
        body, kept_back = self.statement.body, self.kept_back(reader)
        if not kept_back:
            return body
        return {**body, "facts": {name: said for name, said in body["facts"].items() if name not in kept_back}}


def gist_of(statement: Statement) -> Gist:
    """Of a statement that is a passport."""
    body, names = statement.body, {one.name for one in statement.disclosures}
    as_of = body["as_of"]["size"]
    return Gist(
        as_of=as_of,
        has_seen=min(as_of, body.get("accounts", body["as_of"])["size"]),
        states_footprint="accounts" in body,
        issuer=statement.iss,
        maker=body.get("facts", {}).get("maker", ""),
        hideable=tuple(one for one in HIDEABLE if one in names),
    )


def _kept_back(gist: Gist, reader: Reader) -> tuple[str, ...]:
    return () if reader.may_see(gist.issuer) or reader.may_see(gist.maker) else gist.hideable


def may_open(codes: Codes | None, piece: str, code: str | None, reader: Reader) -> bool:
    """Design of the rights: who has the label, or a token of this ledger, may read the passport of a piece.

    Where a code is wrong or blocked, or the piece is not known, the answer is the same, and takes as long.
    """
    right = codes is not None and code is not None and codes.opens(piece, code)
    return right or reader.known


def require_open(codes: Codes | None, piece: str, code: str | None, reader: Reader) -> None:
    """Raises Unauthorised ("label_code")."""
    if not may_open(codes, piece, code, reader):
        raise Unauthorised(
            "label_code", "the passport of a piece opens with the code on its label (?c=) or with a bearer token"
        )


def require_token(reader: Reader) -> None:
    """Raises Unauthorised ("token_needed")."""
    if not reader.known:
        raise Unauthorised(
            "token_needed", "this shows what plants signed, or whole deliveries: it takes a bearer token"
        )


def standing(
    log: Log,
    piece: str,
    pending: Mapping[str, int] = NOTHING_PENDING,
    looked: int = 0,
    gist: Callable[[Sound, Callable[[], Statement]], Gist] = lambda _, read: gist_of(read()),
) -> Standing:
    """The newest published passport of a piece. Raises Missing ("no_passport"), Damaged.

    `pending` are the changes that a restater knows of, `looked` is how far it has looked; `gist` may remember what
    it read of a passport whose bytes are the same.
    """
    size = log.state.published.checkpoint.size
    with log.store.reading() as transaction:
        index = newest_passport(transaction, piece, size)
        if index is None:
            raise Missing("no_passport", f"piece {piece} has no passport: none was shipped under that id")
        sound = sound_in(transaction.entry(index), log.tree)
        read = cache(partial(statement_of, sound.stored))
        said = gist(sound, read)
        own = _since(transaction, piece, range(max(said.as_of, looked), size))
        since = min((entry for entry in (own, pending.get(piece)) if entry is not None), default=None)
        return Standing(piece, sound, said, since, read)


def has_passport(log: Log, piece: str) -> bool:
    """Whether a passport of the piece is published; it is not read."""
    with log.store.reading() as transaction:
        return newest_passport(transaction, piece, log.state.published.checkpoint.size) is not None


def newest_passport(transaction: Transaction, piece: str, size: int) -> int | None:
    """The entry of the newest passport below `size`, or None."""
    below = [index for index in transaction.versions(subject_key("passport", piece)) if index < size]
    return below[-1] if below else None


def _since(transaction: Transaction, piece: str, within: range) -> int | None:
    """The first of these entries that may change what the passport of a piece says."""
    later = (index for index in transaction.versions(subject_key("lot", piece)) if index in within)
    return next((index for index in later if transaction.entry(index).typ in CHANGING), None)


def short(log: Log, standing: Standing, reader: Reader) -> Bundle:
    """The short bundle of a passport, with what this reader may see of it. Raises Damaged."""
    with log.store.reading() as transaction:
        shelf = Shelf(transaction, log.tree, log.state.published)
        return short_bundle(shelf, standing.index, hidden=standing.kept_back(reader))


def full(log: Log, standing: Standing, reader: Reader) -> Bundle:
    """The full bundle of a passport, with what this reader may see of it. Raises Damaged, TooLarge."""
    with log.store.reading() as transaction:
        shelf = Shelf(transaction, log.tree, log.state.published)
        inputs = inputs_of(transaction, standing.statement.body)
        return full_bundle(shelf, standing.index, inputs, may_see=reader.may_see, hidden=standing.kept_back(reader))


def inputs_of(transaction: Transaction, said: Mapping[str, Any]) -> Sequence[int]:
    """The entries that a passport rests on, with what it names as evidence of its footprint. Raises Missing."""
    story = story_of(said["piece"], StoreSource(transaction, said["as_of"]["size"]))
    return sorted({*story.inputs, *of_ranges(said.get("evidence", ()))})


def delivery(log: Log, event: int, reader: Reader) -> Bundle:
    """The bundle of a shipping event: the newest passport of each piece in it.

    Raises Missing ("no_delivery") for an entry that sent no piece off, Damaged, TooLarge.
    """
    size = log.state.published.checkpoint.size
    with log.store.reading() as transaction:
        one = StoreSource(transaction, size).effects([event]).get(event)
        pieces = pieces_sent_off(one) if one is not None else []
        found = [newest_passport(transaction, piece, size) for piece in pieces]
        passports = [index for index in found if index is not None]
        if not passports:
            raise Missing("no_delivery", f"entry {event} is no shipment of pieces with passports", index=event)
        shelf = Shelf(transaction, log.tree, log.state.published)
        return delivery_bundle(
            shelf, event, passports, may_see=reader.may_see, hidden=lambda said: _kept_back(gist_of(said), reader)
        )


def owner_of(log: Log, piece: str) -> str:
    """What the party is called whose company prefix the id begins with; "" where there is none."""
    parties = log.state.registry.parties.values()
    return next((one.name for one in parties if may_create(piece, one.id, one.prefixes)), "")


def names_of(log: Log, ids: Collection[str]) -> dict[str, str]:
    """What parties and their sites are called; those that the registry does not know are not in it."""
    parties = log.state.registry.parties
    sites = {site["id"]: site["name"] for party in parties.values() for site in party.profile.get("sites", ())}
    return {one: parties[one].name if one in parties else sites[one] for one in ids if one in parties or one in sites}


def masses_of(asked: Asked, names: Collection[str]) -> dict[str, int]:
    """What pieces weigh, in g, of those that this reader may see; those of which nobody said it are not in it.

    It is a plant's word and in no passport: who has the label's code alone is told of no other piece than his.
    """
    records = read_records(asked.transaction, [lot_key(one) for one in names], asked.size).values()
    lots = (one for one in records if isinstance(one, Lot) and asked.may_see(one))
    return {one.id: one.g for one in lots if one.single and one.g is not None}
