"""Steps 4 and 7 of SPEC 7: which ledger this is, who may sign in it, and who signed.

The registry is folded from the registry statements of the file, and from nothing else. That none of them is missing
follows from lineage: each entry holds an item of its issuer's party that names the newest version before it, each
version names the one before, and every entry named is included under the one checkpoint (SPEC 4.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.kernel.errors import TooLarge, Unverified
from ledger.kernel.hashing import NO_HASH
from ledger.kernel.lineage import NO_INDEX, NO_LEAF, Item, Role, check_opened
from ledger.kernel.note import format_vkey
from ledger.kernel.party import REGISTRY_TYPES, KeyRecord, Registry, apply, authorise, begin
from ledger.kernel.registry_form import check_form
from ledger.kernel.report import Steps
from ledger.kernel.statement import Statement, check_signature
from ledger.kernel.subjects import subject_key
from ledger.kernel.trust import Trust
from ledger.kernel.verify_statements import Case, Shown

PARTY_VERSIONS = 1_000  # SPEC 8


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signed what: `registries` as of (and with) each entry read, `records` the key that signed it.

    `history` are the registry statements themselves; `newest` is the registry after the last of them.
    """

    registries: Mapping[int, Registry]
    records: Mapping[int, KeyRecord]
    history: Mapping[int, Statement]
    newest: Registry


def check_index_0(steps: Steps, case: Case) -> None:
    """(4) Index 0 is included and founds the ledger whose log key, under this origin, the reader trusts.

    After a new incarnation it is the newest `ledger` statement that names log key and origin (SPEC 4.5).
    """
    steps.begin(4)
    first, founding = case.entries[0], case.entries[0].statement
    if first.index != 0 or founding is None or founding.typ != "ledger":
        raise Unverified("index_0", "the file does not hold index 0 with its ledger statement", step=4)
    if first.entry.previous != NO_HASH:
        raise Unverified("index_0", "index 0 names an entry before it", step=4)
    newest = [one for one in case.entries if one.statement is not None and one.statement.typ == "ledger"][-1]
    check_form(founding, 0)
    facts = _facts(founding)
    where = "index 0" if newest is first else f"index 0, continued by entry {newest.index},"
    origin = case.signed.checkpoint.origin
    says = newest.statement or founding
    check_form(says, newest.index)
    named_origin, named_keys = says.body["origin"], says.body["log_keys"]
    if named_origin != origin:
        raise Unverified("origin", f"{where} names the origin {named_origin}, the checkpoint is of {origin}", step=4)
    texts = [format_vkey(vkey) for vkey in case.signed.vkeys]
    if not set(texts) & set(named_keys):
        raise Unverified(
            "log_key", f"{where} names the log key {', '.join(named_keys)}, the trust file has {texts[0]}", step=4
        )
    steps.passed(f"{where} names the trust file's log key, the ledger {founding.aud} and its operator {facts}")


def _facts(founding: Statement) -> str:
    operator, body = founding.body["operator"], founding.body
    if operator["id"] != founding.iss or body["uri"] != founding.aud or body["incarnation"] != 0:
        raise Unverified(
            "index_0",
            "index 0 is not signed by the operator it names, for the ledger it names, as incarnation 0",
            step=4,
        )
    return f"{operator['name']}, {operator['id']}"


def check_authority(steps: Steps, case: Case) -> Authority:
    """(7) Party histories without a gap, every key valid where it signed, every signature."""
    steps.begin(7)
    walk = _Walk()
    for one in case.entries:
        if one.statement is not None:
            walk.take(one, one.statement)
    authority = walk.authority()
    _check_separate(authority.newest, case.trust)
    told = case.told
    if told.statement is None:
        steps.not_checked(7, told.why_not)
        return authority
    named = last_named(case, told.statement.iss)
    history = f"{walk.versions(told.statement.iss)} versions of the party, none missing up to entry {named}"
    steps.passed(_said(authority, told.statement, told.index, history))
    return authority


def last_named(case: Case, party: str) -> int:
    """The newest entry in the file that names the newest version of this party: up to there its history is whole."""
    subject = subject_key("party", party)
    return max(one.index for one in case.entries if any(found.item.subject == subject for found in one.opened))


def _said(authority: Authority, statement: Statement, about: int, history: str) -> str:
    party, record = authority.newest.party(statement.iss), authority.records[about]
    latest = party.keys[record.key.kid]
    until = "" if latest.ended is None else f", ended at entry {latest.ended} ({latest.reason})"
    dispute = f", and DISPUTED from entry {latest.disputed_from} on" if latest.disputed_at(about) else ""
    return (
        f"entry {about} is signed by key {statement.kid} of {party.name}, {party.id}: good at entry {about} "
        f"(enrolled at entry {latest.added}{until}{dispute}); {history}"
    )


@dataclass
class _Walk:
    """The registry statements met so far, in index order, and the newest version of each party they made."""

    registry: Registry | None = None
    newest: dict[bytes, tuple[int, int, bytes]] = field(default_factory=dict)  # version, index, leaf
    registries: dict[int, Registry] = field(default_factory=dict)
    records: dict[int, KeyRecord] = field(default_factory=dict)
    history: dict[int, Statement] = field(default_factory=dict)

    def take(self, one: Shown, statement: Statement) -> None:
        check_form(statement, one.index)
        self._check_history(one, statement)
        before = self.registry
        after = _after(before, statement, one.index)
        # The key must be good before the statement; only index 0 stands on the key that it names itself.
        judge = before or after
        record = judge.party(statement.iss).keys[statement.kid]
        check_signature(statement, record.key)
        self.registry = self.registries[one.index] = after
        self.records[one.index] = record
        if statement.typ in REGISTRY_TYPES:
            self.history[one.index] = statement

    def authority(self) -> Authority:
        if self.registry is None:
            raise RuntimeError("step 4 lets nothing through that has no index 0")
        return Authority(self.registries, self.records, self.history, self.registry)

    def versions(self, party: str) -> int:
        return self.newest[subject_key("party", party)][0]

    def _check_history(self, one: Shown, statement: Statement) -> None:
        """The entry's items of the issuer's party, and of a party it changes, link to what was met before."""
        changed = _changed_party(statement)
        for party in dict.fromkeys((statement.iss, changed or statement.iss)):
            subject = subject_key("party", party)
            opened = [found for found in one.opened if found.item.subject == subject]
            if not opened:
                raise Unverified(
                    "party_history", f"entry {one.index} opens no lineage item of the party {party}", step=7
                )
            check_opened(opened, one.count, one.entry.lineage)
            self._follow(one, opened[0].item, party, advances=party == changed)

    def _follow(self, one: Shown, item: Item, party: str, *, advances: bool) -> None:
        version, index, leaf = self.newest.get(item.subject, (0, NO_INDEX, NO_LEAF))
        if advances == (item.role is Role.REFERENCE):
            raise Unverified(
                "party_history", f"the item of {party} in entry {one.index} has role {item.role.name.lower()}", step=7
            )
        before = item.version - 1 if advances else item.version
        if (before, item.index, item.leaf) != (version, index, leaf):
            raise Unverified(
                "party_history",
                f"entry {one.index} says that {party} had {before} versions before it, the newest {_at(item.index)}; "
                f"the file shows {version}, the newest {_at(index)}",
                step=7,
            )
        if item.version > PARTY_VERSIONS:
            raise TooLarge("party_versions", f"{party} has {item.version} versions, the limit is {PARTY_VERSIONS}")
        if advances:
            self.newest[item.subject] = (item.version, one.index, one.entry.leaf)


def _at(index: int) -> str:
    return "nowhere" if index == NO_INDEX else f"at entry {index}"


def _after(before: Registry | None, statement: Statement, index: int) -> Registry:
    if before is None:
        return begin(statement)
    authorise(before, statement, index)
    return apply(before, statement, index)


def _changed_party(statement: Statement) -> str | None:
    """The party whose version a registry statement makes."""
    body = statement.body
    if statement.typ == "ledger":
        return str(body["operator"]["id"])
    if statement.typ == "party":
        return str(body["id"])
    return str(body["party"]) if statement.typ == "key" else None


def _check_separate(registry: Registry, trust: Trust) -> None:
    """SPEC 4.5: a party's key is never a log or witness key."""
    signers = {vkey.raw: vkey.name for vkey in trust.vkeys}
    for kid, key in registry.all_keys().items():
        if key.raw in signers:
            raise Unverified(
                "key_shared",
                f"key {kid} of {registry.owners[kid]} is also the checkpoint key of {signers[key.raw]}",
                step=7,
            )


def vouching(authority: Authority, trust: Trust, index: int) -> str:
    """Who but the operator vouches for the key that signed an entry: "" for the party or a pin, else a sentence."""
    record = authority.records[index]
    party = authority.newest.owners[record.key.kid]
    if party == authority.newest.operator:
        return ""
    kid = record.key.kid
    while kid not in trust.pins.get(party, frozenset()):
        enrolling = authority.history[authority.newest.parties[party].keys[kid].added]
        if enrolling.iss != party:
            how = "as a recovery" if authority.newest.parties[party].keys[kid].recovery else "as its first key"
            leads = "" if kid == record.key.kid else f", through which key {record.key.kid} was enrolled,"
            return (
                f"that key {kid}{leads} belongs to {party} is vouched for by the operator alone: he enrolled it {how}, "
                "and no pin in the trust file confirms it"
            )
        kid = enrolling.kid
    return ""
