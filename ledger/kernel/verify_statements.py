"""Steps 5, 6 and 8 of SPEC 7: the statements of a file, read without taking anything on trust."""

from dataclasses import dataclass, replace
from hashlib import sha256

from ledger.kernel.bundle import BundleEntry
from ledger.kernel.checkpoint import Checkpoint, Cosignature
from ledger.kernel.disclosure import check_salts
from ledger.kernel.entry import Entry
from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.lineage import Opened
from ledger.kernel.note import Vkey
from ledger.kernel.report import Steps
from ledger.kernel.statement import Statement, parse
from ledger.kernel.trust import Trust


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry of the file and its statement, as far as that can be read; `why_not` says why it cannot, or is ""."""

    entry: Entry
    count: int
    opened: tuple[Opened, ...]
    wire: bytes | None
    statement: Statement | None = None
    why_not: str = ""

    @property
    def index(self) -> int:
        """The index of the entry."""
        return self.entry.index


@dataclass(frozen=True, slots=True)
class Signed:
    """The checkpoint of the file, the log keys of the trust file that signed it, and the witnesses that did."""

    checkpoint: Checkpoint
    vkeys: tuple[Vkey, ...]
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What lies before the verifier: included entries in index order, the one it is about, and whom to believe."""

    entries: tuple[Shown, ...]
    about: int
    signed: Signed
    trust: Trust

    @property
    def told(self) -> Shown:
        """The entry that the file is about."""
        return next(one for one in self.entries if one.index == self.about)


def shown(one: BundleEntry) -> Shown:
    """An entry as the file shows it, nothing of its statement read yet."""
    why_not = "" if one.statement is not None else f"the file shows no statement of entry {one.entry.index}"
    return Shown(one.entry, one.count, one.opened, one.statement, why_not=why_not)


def check_digests(steps: Steps, case: Case) -> None:
    """(5) The SHA-256 of the signed bytes is what the entry commits to."""
    steps.begin(5)
    for one in case.entries:
        if one.wire is None:
            continue
        digest = sha256(one.wire.partition(b"~")[0]).digest()
        if digest != one.entry.statement:
            raise Unverified(
                "statement_digest",
                f"the statement shown for entry {one.index} has the SHA-256 {digest.hex()}, "
                f"the entry commits to {one.entry.statement.hex()}",
                step=5,
            )
    told = case.told
    if told.wire is None:
        steps.not_checked(5, f"{told.why_not}: with it, its SHA-256 would have to be {told.entry.statement.hex()}")
        return
    count = sum(one.wire is not None for one in case.entries)
    if count == 1:
        steps.passed("the signed bytes of the statement have the SHA-256 that its entry commits to")
    else:
        steps.passed(f"the signed bytes of {count} statements have the SHA-256 that their entries commit to")


def read_headers(steps: Steps, case: Case) -> Case:
    """(6) Header, payload, `typ` and `aud`, from the signed bytes alone: disclosures come in step 8.

    A statement of a `typ` that is not known is included and not interpreted, which is no failure.
    """
    steps.begin(6)
    read = replace(case, entries=tuple(_with_header(one) for one in case.entries))
    first = read.entries[0].statement if read.entries[0].index == 0 else None
    for one in read.entries:
        if one.statement is not None and first is not None and one.statement.aud != first.aud:
            raise Unverified(
                "audience",
                f"the statement of entry {one.index} is for {one.statement.aud}, index 0 is for {first.aud}",
                step=6,
            )
    told = read.told
    if told.statement is None:
        steps.not_checked(6, told.why_not)
        return read
    said = told.statement
    confirmed = (
        "as index 0 says too" if first is not None else "as it says itself; that this is the ledger, index 0 would show"
    )
    steps.passed(f"a {said.typ} statement by {said.iss}, made with {said.alg}, for the ledger {said.aud}, {confirmed}")
    return read


def _with_header(one: Shown) -> Shown:
    if one.wire is None:
        return one
    try:
        return replace(one, statement=parse(one.wire.partition(b"~")[0] + b"~"))
    except Malformed as error:
        if error.code != "typ_unknown":
            raise Malformed(error.code, f"the statement of entry {one.index}: {error.sentence}") from error
        return replace(one, why_not=f"{error.sentence}: entry {one.index} is included, not interpreted")


def open_disclosures(steps: Steps, case: Case) -> Case:
    """(8) Every disclosure shown is one that the signed bytes name; what is not shown is counted."""
    steps.begin(8)
    read = replace(case, entries=tuple(_opened(one) for one in case.entries))
    told = read.told
    if told.statement is None:
        steps.not_checked(8, told.why_not)
        return read
    given, withheld = len(told.statement.disclosures), told.statement.withheld
    if given or withheld:
        steps.passed(f"{given} of {given + withheld} digests of entry {told.index} are opened, each by its disclosure")
    else:
        steps.passed(f"the statement of entry {told.index} hides nothing")
    return read


def _opened(one: Shown) -> Shown:
    if one.statement is None or one.wire is None:
        return one
    try:
        statement = parse(one.wire)
        check_salts(statement.disclosures)
    except Malformed as error:
        raise Malformed(error.code, f"the statement of entry {one.index}: {error.sentence}") from error
    return replace(one, statement=statement)
