"""The demo's ledger, made in this process: founded, its parties enrolled, its story posted. The same for one seed."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.kernel.checkpoint import parse_checkpoint
from ledger.kernel.errors import CoilmarkError, Conflict, Refused
from ledger.kernel.keys import Signer, load_signer
from ledger.kernel.receipt import Receipt
from ledger.kernel.statement import issue
from tools.demo.keys import demo_key, demo_randomness
from tools.init import Founding, found_ledger, trust_text
from tools.keygen import write_key
from tools.park.actors import ACTORS, ORIGIN, PARK, URI, Actor
from tools.park.events import MIDNIGHT, Said, placed
from tools.park.plan import Plan
from tools.park.story import Post, story
from tools.park.supply import registered
from tools.party import prove

if TYPE_CHECKING:
    from ledger.recording.log import Log, Recorded
    from ledger.recording.opening import Layout

MARK = "made-by-coilmark-demo"
_MARK_TEXT = "`coilmark demo` made this folder and replaces it when it runs again. Its keys come from a public seed.\n"
_FOUNDED = MIDNIGHT - timedelta(days=14)
_LATER = timedelta(minutes=15)  # from an enrolment to its record


@dataclass
class DemoClock:
    """A clock that stands where it was put; µs since 1970 UTC."""

    now: int = 0

    def __call__(self) -> int:
        """The time it was put to."""
        return self.now


@dataclass
class Stage:
    """Where the demo takes place and what signs in it."""

    folder: Path
    plan: Plan
    clock: DemoClock = field(default_factory=DemoClock)

    def __post_init__(self) -> None:
        """One stream of bytes for salts and lineage seeds: they are the same in every run of one seed."""
        self.randomness: Callable[[int], bytes] = demo_randomness(self.seed)
        self.count = 0
        self.entries: dict[str, int] = {}
        self._signers = {actor.word: load_signer(demo_key(self.seed, actor.word)) for actor in ACTORS}

    @property
    def seed(self) -> str:
        """What keys, salts and ids are made from."""
        return self.plan.chance.seed

    @property
    def places(self) -> "Layout":
        """The ledger's files."""
        from ledger.recording.opening import layout  # noqa: PLC0415  brings the database with it, which --help does not need

        return layout(self.folder)

    def signer(self, actor: Actor) -> Signer:
        """The key of a party."""
        return self._signers[actor.word]

    def signed(self, said: Said) -> bytes:
        """A statement in wire form."""
        self.count += 1
        return issue(
            typ=said.typ,
            iss=said.actor.id,
            jti=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{URI}/{self.count}')}",
            aud=URI,
            iat=said.iat,
            body=placed(said.body, self.entries),
            signer=self.signer(said.actor),
            salt=lambda: self.randomness(16),
        )


@dataclass(frozen=True)
class Told:
    """What was posted together, and the receipt of each statement."""

    time: datetime
    receipts: tuple[tuple[Said, Receipt], ...]


def clear(folder: Path) -> None:
    """Make room: remove an earlier demo, and nothing else. Raises Conflict where something else is there."""
    head = folder.with_name(folder.name + ".head")
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("not_a_demo", f"{folder} was not made by `coilmark demo`; move it away or name another --folder")
    if head.exists() and not _is_our_head(head):
        raise Conflict("not_a_demo", f"{head} is the head of another ledger than the demo's; name another --folder")
    shutil.rmtree(folder, ignore_errors=True)
    for path in (head, head.with_name(head.name + ".lock"), head.with_name(head.name + ".draft")):
        path.unlink(missing_ok=True)


def _is_our_head(head: Path) -> bool:
    try:
        return parse_checkpoint(head.read_text("utf-8")).origin == ORIGIN
    except (CoilmarkError, UnicodeError):
        return False


def found(stage: Stage) -> None:
    """Folder, mark, keys, index 0 and the trust file."""
    stage.folder.mkdir(parents=True)
    (stage.folder / MARK).write_text(_MARK_TEXT, "utf-8")
    keys = stage.folder / "keys"
    keys.mkdir(mode=0o700)
    for actor in ACTORS:
        write_key(keys / f"{actor.word}.pem", demo_key(stage.seed, actor.word))
    stage.count += 1
    founding = Founding(
        URI, ORIGIN, PARK.profile, stage.signer(PARK),
        jti=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, URI)}", iat=int(_FOUNDED.timestamp()),
    )  # fmt: skip
    stage.clock.now = founding.iat * 1_000_000
    log_key = found_ledger(
        stage.places, founding, demo_key(stage.seed, "log"), clock=stage.clock, randomness=stage.randomness
    )
    (stage.folder / "trust.txt").write_text(trust_text(ORIGIN, log_key), "ascii")


def _enrolments(stage: Stage) -> Iterator[Post]:
    """For each party but the operator: its profile and its first key, both signed by the operator."""
    for number, actor in enumerate(ACTORS[1:], 1):
        time = _FOUNDED + timedelta(days=1, hours=number)
        first = {"party": actor.id, "add": [prove(stage.signer(actor), URI, actor.id)]}
        profile = registered(stage.plan, actor).profile
        enrolled = Said(PARK, "party", profile, time, f"{actor.name} enrolled", notable=True)
        yield Post(time + _LATER, (enrolled, Said(PARK, "key", first, time, f"first key of {actor.name}")))


def tell(stage: Stage, log: "Log") -> Iterator[Told]:
    """Enrol the parties and post the whole story; what was posted together, as it comes."""
    for group in _enrolments(stage):
        yield post(stage, log, group)
    last = MIDNIGHT
    for group in story(stage.plan):
        yield post(stage, log, group)
        last = group.time
    newest = Said(PARK, "heads", {}, last, "the newest version of every subject", notable=True)
    yield post(stage, log, Post(last + timedelta(hours=1), (newest,)))


def post(stage: Stage, log: "Log", group: Post) -> Told:
    """Record statements together, each party's in a request of its own.

    Raises the Refused that one is refused with: then the story is wrong.
    """
    from ledger.checking.statements import check  # noqa: PLC0415  see Stage.places
    from ledger.recording.log import Submission  # noqa: PLC0415  see Stage.places

    stage.clock.now = int(group.time.timestamp()) * 1_000_000
    keys = log.state.registry.all_keys()
    checked = [check(stage.signed(said), audience=URI, keys=keys) for said in group.statements]
    by_party = groupby(zip(group.statements, checked, strict=True), key=lambda pair: pair[0].actor.word)
    outcomes = log.append([Submission(tuple(one for _, one in pairs)) for _, pairs in by_party])
    told = Told(group.time, tuple(zip(group.statements, _receipts(outcomes), strict=True)))
    stage.entries.update((said.mark, receipt.entry.index) for said, receipt in told.receipts if said.mark)
    return told


def _receipts(outcomes: Sequence["Recorded | Refused"]) -> Iterator[Receipt]:
    for one in outcomes:
        if isinstance(one, Refused):
            raise one
        yield from one.receipts
