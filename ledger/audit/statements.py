"""One stored statement against its entry: form, body, signature, right to speak, and the lineage it implies."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ledger.admission.lots import OF_LOTS
from ledger.audit.authority import Authority
from ledger.audit.deferred import Declared, Remade, issued, withheld
from ledger.audit.findings import about
from ledger.audit.lots import Said
from ledger.audit.sources import Row
from ledger.checking.quick_json import decode_quickly
from ledger.checking.signatures import verify_fast
from ledger.checking.statements import Checked, check_addressed, check_form, meant, named_by_jti, read_as
from ledger.energy.fold import OF_ENERGY
from ledger.kernel.entry import Entry
from ledger.kernel.errors import CoilmarkError, Refused
from ledger.kernel.event_subjects import Names
from ledger.kernel.implied import fits, implied
from ledger.kernel.lineage import Role
from ledger.kernel.party import REGISTRY_TYPES, KeyRecord, Registry, authorise
from ledger.kernel.statement import Statement, check_complete, check_signed, parse
from ledger.kernel.subjects import NAMED_BY_OPERATOR, Implied, Want, may_create_implied
from ledger.limits import AHEAD
from ledger.rules import check_members

if TYPE_CHECKING:
    from ledger.audit.entries import Range
    from ledger.kernel.keys import PublicKey

_MICROSECONDS = 1_000_000
_FOLDED = OF_LOTS | OF_ENERGY
_NO_ITEM = None, 0
_REFERENCE, _CREATE, _TOUCH = int(Role.REFERENCE), int(Role.CREATE), int(Role.TOUCH)  # enums are slow to look up
# subject, role, version of each item
Items = Sequence[tuple[bytes, int, int]]


class Judge:
    """Judges the statements of one range, and writes what it finds into the range's result."""

    def __init__(self, authority: Authority | None, result: "Range") -> None:
        self._authority = authority
        self._result = result
        self._keys: Mapping[str, PublicKey] = authority.keys() if authority else {}
        self._registries: dict[str, Registry] = {}
        self._rules = ""
        self._last: float = -1  # the last entry for which these hold
        self._unverified: list[tuple[int, tuple[PublicKey, str, bytes, bytes]]] = []
        self._requests: list[tuple[bytes, int]] = []
        self.of_lots: list[Said] = []

    def statements(self, batch: Sequence[tuple[Row, Entry, Items]]) -> None:
        """Everything about some statements. Raises nothing over what is stored.

        Step by step for all of them, so that the processor's caches hold one step at a time.
        """
        parsed = [self._careful(row.index, self._parse, row, entry) for row, entry, _ in batch]
        uri = self._authority.uri if self._authority is not None else None
        formed = [one and uri and _tried(_formed, one[1], uri) for one in parsed]
        wanted = [one and _tried(meant, *one) for one in formed]
        read = [one and _tried(_read, *one) for one in wanted]
        checked = [
            quick or (one and self._careful(one[0], self._read_slowly, *one))
            for one, quick in zip(parsed, read, strict=True)
        ]
        for (row, entry, items), one in zip(batch, checked, strict=True):
            if one is not None:
                self._careful(row.index, self._judge, row, entry, items, one)
        for index, signed in self._unverified:
            self._careful(index, self._attempt, index, check_signed, *signed, verify_fast)
        self._result.signatures += len(self._unverified)
        self._unverified.clear()
        self._result.requests.add(self._requests)
        self._requests.clear()

    def _careful(self, index: int, step: Any, *values: Any) -> Any:
        """What the step gives, or None and a finding: whatever a stored statement provokes, the audit goes on."""
        try:
            return step(*values)
        except Exception as error:  # noqa: BLE001  as it says
            self._find(index, "unjudged", f"it could not be judged ({type(error).__name__}: {error})")
            return None

    def _parse(self, row: Row, entry: Entry) -> tuple[int, Statement] | None:
        """The statement as it was signed; its signature is verified with the others."""
        self._result.disclosures += len(row.disclosures)
        if sha256(row.jwt).digest() != entry.statement:
            self._find(row.index, "statement_digest", "the stored statement does not hash to the digest in its entry")
        statement: Statement | None = self._attempt(row.index, parse, row.wire, decode_quickly)
        if statement is None:
            return None
        key = self._keys.get(statement.kid)
        if key is not None:
            signed = key, statement.alg, statement.signing_input, statement.signature
            self._unverified.append((row.index, signed))
        return row.index, statement

    def _judge(self, row: Row, entry: Entry, items: Items, checked: Checked) -> None:
        self._derived(row, checked)
        self._times(row.index, entry.recorded_at, checked)
        self._speaks(row.index, checked, items)
        self._lineage(row.index, checked, items)
        self._notice(row.index, checked.statement)
        if checked.statement.typ == "passport":
            self._result.deferred.passports.append(issued(row.index, checked.statement))
        if checked.statement.typ in _FOLDED and not checked.statement.withheld:
            self.of_lots.append(Said(row.index, entry.recorded_at, checked))

    def _find(self, index: int, code: str, says: str, **facts: Any) -> None:
        self._result.findings.append(about(index, code, says, **facts))

    def _read_slowly(self, index: int, statement: Statement) -> Checked | None:
        """The statement with all that its form must have; every fault is named. None: no way to go on."""
        if statement.withheld:
            self._result.deferred.withheld.append(withheld(index, statement))
        else:
            self._attempt(index, check_complete, statement)
        if self._authority is not None and statement.aud != self._authority.uri:
            self._find(index, "audience", f"it is for {statement.aud}, this ledger is {self._authority.uri}")
        if self._attempt(index, _checked_body, statement) is None:
            return None
        wanted = self._attempt(index, implied, statement.typ, statement.iss, statement.aud, statement.body)
        return None if wanted is None else _read(statement, wanted)

    def _attempt(self, index: int, step: Any, *values: Any) -> Any:
        """What the step gives, or None and a finding."""
        try:
            return step(*values)
        except CoilmarkError as error:
            self._find(index, error.code, f"its statement does not stand: {error.sentence}")
            return None

    def _derived(self, row: Row, checked: Checked) -> None:
        """The columns that are copied from the statement, and what must be unique."""
        typ = checked.statement.typ
        if row.typ != typ:
            self._find(row.index, "typ", f"its row says typ {row.typ}, its statement {typ}")
        if row.request not in (None, checked.request):
            self._find(row.index, "request", "the request key of its row is not that of its issuer and jti")
        self._requests.append((checked.request, row.index))
        if checked.event is not None:
            self._result.events += [(name, row.index) for name in (checked.event, *checked.announces)]

    def _times(self, index: int, recorded_at: int, checked: Checked) -> None:
        latest = recorded_at + AHEAD * _MICROSECONDS
        if checked.statement.iat * _MICROSECONDS > latest:
            self._ahead(index, "iat", checked.statement.iat * _MICROSECONDS - recorded_at)
        if checked.event_read is not None and checked.event_read.time > latest:
            self._ahead(index, "eventTime", checked.event_read.time - recorded_at)

    def _ahead(self, index: int, name: str, microseconds: int) -> None:
        ahead = microseconds // _MICROSECONDS
        says = f"{name} lies {ahead} s ahead of its recording, the most is {AHEAD} s"
        self._find(index, "time_ahead", says, seconds=ahead)

    def _speaks(self, index: int, checked: Checked, items: Items) -> None:
        """Key, role and prefixes as of this entry. Who may change the registry is judged where it is folded."""
        statement = checked.statement
        if self._authority is None:
            return
        registry = self._registry(self._authority, statement.iss, index)
        self._attempt(index, check_members, self._rules, statement.typ, statement.body)
        if statement.typ in REGISTRY_TYPES:
            party = registry.parties.get(statement.iss)
            record = party.keys.get(statement.kid) if party is not None else None
        else:
            try:
                record = authorise(registry, statement, index)
            except Refused as error:
                self._find(index, error.code, error.sentence)
                return
        if record is not None:
            self._mark(index, record)
        self._prefixes(index, checked, items, registry)

    def _mark(self, index: int, record: KeyRecord) -> None:
        """Count the signatures by keys that a reader should know of."""
        if record.recovery:
            self._result.marks[record.key.kid, "recovery"] += 1
        if record.disputed_at(index):
            self._result.marks[record.key.kid, "disputed"] += 1

    def _registry(self, authority: Authority, party: str, index: int) -> Registry:
        """As of this entry; entries come in order, and the registry seldom changes."""
        if index > self._last:
            self._registries, self._rules = {}, authority.registry.rules_at(index)
            self._last = authority.same_until(index)
        if party not in self._registries:
            self._registries[party] = authority.at(party, authority.version(party, index))
        return self._registries[party]

    def _prefixes(self, index: int, checked: Checked, items: Items, registry: Registry) -> None:
        """SPEC 4.4: who makes an id owns its GS1 prefix, or begins it with his own id."""
        made = {subject for subject, role, _ in items if role == _CREATE}
        if not made:
            return
        owner, prefixes = _owner(checked.statement, registry)
        for one in checked.implied:
            if one.key not in made or one.kind in NAMED_BY_OPERATOR:
                continue
            if not may_create_implied(one, owner, prefixes):
                self._find(index, "prefix", f"{owner} had no prefix to make {one.kind} {one.id}", id=one.id)

    def _lineage(self, index: int, checked: Checked, items: Items) -> None:
        """The items are those that the statement implies, and no others (SPEC 4.4)."""
        left = {subject: (role, version) for subject, role, version in items}
        remade: set[bytes] = set()
        for one in checked.implied:
            role, version = left.pop(one.key, _NO_ITEM)
            if role is None:
                self._find(index, "item_missing", f"its lineage has no item for {one.kind} {one.id}", id=one.id)
            elif not fits(one, role, version):
                self._misfit(index, one, role)
            elif role == _TOUCH and one.want is Want.CREATE:
                remade.add(one.key)
        if remade:
            self._result.deferred.remade.append(Remade(index, checked.corrects, frozenset(remade)))
        own = frozenset(one.key for one in checked.implied)
        if checked.issuer not in own and left.pop(checked.issuer, _NO_ITEM)[0] != _REFERENCE:
            self._find(index, "item_missing", f"its lineage does not refer to its issuer {checked.statement.iss}")
        if left or checked.declares or checked.statement.typ == "heads":
            self._more(index, checked, own, {subject: role for subject, (role, _) in left.items()})

    def _misfit(self, index: int, one: Implied, role: int) -> None:
        if one.want is Want.TOUCH and role == Role.TOUCH:
            self._find(index, "unknown_subject", f"{one.kind} {one.id} was not known to the ledger", id=one.id)
        else:
            says = f"its lineage gives {one.kind} {one.id} the role {_name(role)}, not {one.want.value}"
            self._find(index, "item_role", says, id=one.id)

    def _more(self, index: int, checked: Checked, own: frozenset[bytes], roles: Mapping[bytes, int]) -> None:
        """Items beyond those of the statement itself: for heads every subject, for a correction those of the other."""
        allowed = None
        if checked.statement.typ == "heads":
            self._result.deferred.heads.append(index)
            allowed = Role.REFERENCE
        elif checked.declares is not None:
            declared = Declared(index, checked.declares, named_by_jti(checked), own, frozenset(roles))
            self._result.deferred.declared.append(declared)
            allowed = Role.TOUCH
        for subject, role in roles.items():
            if role != allowed:
                says = f"its lineage has an item for subject {subject.hex()}, which its statement does not imply"
                self._find(index, "item_extra", says, subject=subject.hex())

    def _notice(self, index: int, statement: Statement) -> None:
        if statement.typ == "notice" and statement.body["kind"] == "erasure":
            erasure = statement.body["erasure"]
            self._result.deferred.erased.append((index, erasure["index"], frozenset(erasure["disclosures"])))


def _owner(statement: Statement, registry: Registry) -> tuple[str, tuple[str, ...]]:
    """Whose ids a statement makes, and the prefixes: what it says of a party holds for what it makes itself."""
    if statement.typ in {"party", "ledger"}:
        told: Mapping[str, Any] = statement.body if statement.typ == "party" else statement.body["operator"]
        return told["id"], tuple(told["prefixes"])
    known = registry.parties.get(statement.iss)
    return statement.iss, known.prefixes if known else ()


def _name(role: int) -> str:
    return Role(role).name.lower()


def _tried(step: Any, *values: Any) -> Any:
    """What the step gives; None where it raises: the statement is then read slowly, which says why."""
    try:
        return step(*values)
    except Exception:  # noqa: BLE001  as it says
        return None


def _formed(statement: Statement, uri: str) -> tuple[Statement, Names | None]:
    return check_form(check_addressed(statement, uri))


def _read(statement: Statement, wanted: tuple[Implied, ...], names: Names | None = None) -> Checked:
    return read_as(statement, wanted, names, signed_by="")


def _checked_body(statement: Statement) -> bool:
    check_form(statement)
    return True
