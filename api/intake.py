"""From posted bytes to receipts: check, hand in, wait for the commit.

Few statements are checked right here: the way to another process and back would cost more than the check. Many, be they
of a batch, of a group that a standby sends on, or posted one by one at one moment, are checked by the pool.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from api.bridge import Bridge
from api.turn import Turn
from ledger.checking.pool import CheckingPool
from ledger.checking.statements import Checked, Verdict, check_addressed, check_all
from ledger.kernel.errors import Busy, Refused, RefusedBatch, Unauthorised
from ledger.kernel.keys import PublicKey, parse_jwk
from ledger.kernel.party import Registry
from ledger.recording.log import Admitted, Log, Recorded, Submission
from ledger.recording.pace import Outcome
from ledger.recording.receipts import parcel, run_of_receipts
from ledger.recording.sequencer import Sequencer, refuse_founding

_MANY = 4  # statements from which on the pool is asked to check
_SHARE = 250  # receipts that one worker makes at once
_SHARED = 32  # from which on the pool is asked to make them


@dataclass(frozen=True)
class _Known:
    registry: Registry

    @cached_property
    def keys(self) -> Mapping[str, PublicKey]:
        return self.registry.all_keys()


class Intake:
    """Made and used on the event loop."""

    def __init__(self, log: Log, sequencer: Sequencer, pool: CheckingPool | None) -> None:
        self._ledger = log
        self._sequencer = sequencer
        self._pool = pool
        self._bridge = Bridge(asyncio.get_running_loop())
        self._known = _Known(log.state.registry)
        self._checks = Turn(self.check)
        self._records = Turn(self._record_each)

    def check_here(self, wire: bytes) -> Verdict:
        """What can be said of a statement alone, found out in this process: for one that has little else to do."""
        return check_all([wire], self._ledger.uri, self._known_keys())[0]

    async def check_one(self, wire: bytes) -> Checked:
        """A statement that is right by itself. Those that arrive at one moment are checked together.

        Raises Refused, Busy.
        """
        return await self._checks.ask(wire)

    async def check(self, wires: Sequence[bytes]) -> list[Verdict]:
        """What can be said of each statement alone, found out in other processes where there are many. Raises Busy."""
        keys = self._known_keys()
        if self._pool is None or len(wires) < _MANY:
            return check_all(wires, self._ledger.uri, keys)
        chunks = self._pool.submit(wires, self._ledger.uri, keys.get)
        answers = await asyncio.gather(*(self._bridge.wait(chunk) for chunk in chunks))
        return [verdict for answer in answers for verdict in answer]

    def record_one(self, checked: Checked) -> "asyncio.Future[Recorded]":
        """Record one statement, with those that are asked for at the same moment.

        Raises Refused, Busy, Unsettled, at once or when it is awaited.
        """
        return self._records.ask(_alone(checked))

    def record_vouched(self, checked: Checked) -> "asyncio.Future[Recorded]":
        """As `record_one`, what another process has checked, which may have come here for a ledger that is not this."""
        check_addressed(checked.statement, self._ledger.uri)
        return self.record_one(checked)

    async def _record_each(self, submissions: Sequence[Submission]) -> list[Outcome]:
        return await self._bridge.wait(self._sequencer.submit_each(submissions))

    async def rehearse_one(self, checked: Checked) -> Admitted:
        """What `record_one` would answer, with nothing stored."""
        return await self._bridge.wait(self._sequencer.rehearse(_alone(checked)))

    async def record_batch(self, verdicts: Sequence[Verdict]) -> Recorded:
        """Record all or nothing. Raises RefusedBatch with every bad row, Busy, Unsettled."""
        submission = await self._together(verdicts)
        try:
            return await self._bridge.wait(self._sequencer.submit(submission))
        except Refused as refusal:
            raise _as_batch(refusal) from None

    async def receipts(self, recorded: Recorded) -> bytes:
        """The receipt files with a comma between them, made in other processes where there are many."""
        if self._pool is not None and len(recorded.proven) >= _SHARED:
            parcels = [parcel(one) for one in recorded.proven]
            shares = [parcels[at : at + _SHARE] for at in range(0, len(parcels), _SHARE)]
            made = [self._bridge.wait(self._pool.make(run_of_receipts, share, recorded.note)) for share in shares]
            # It is recorded: what became of the workers is nothing to whoever waits for the receipts.
            with suppress(Busy, RuntimeError):
                return b",".join(await asyncio.gather(*made))
        return b",".join(recorded.files())

    async def rehearse_batch(self, verdicts: Sequence[Verdict]) -> Admitted:
        """What `record_batch` would answer, with nothing stored."""
        submission = await self._together(verdicts)
        try:
            return await self._bridge.wait(self._sequencer.rehearse(submission))
        except Refused as refusal:
            raise _as_batch(refusal) from None

    def _known_keys(self) -> Mapping[str, PublicKey]:
        """Every key of the registry; made anew only when the registry has changed."""
        if self._known.registry is not self._ledger.state.registry:
            self._known = _Known(self._ledger.state.registry)
        return self._known.keys

    async def _together(self, checked: Sequence[Verdict]) -> Submission:
        verdicts = _strangers(checked)
        good = tuple(verdict for verdict in verdicts if isinstance(verdict, Checked))
        refused = {row: verdict for row, verdict in enumerate(verdicts) if isinstance(verdict, Refused)}
        if refused:
            rows = [row for row in range(len(verdicts)) if row not in refused]
            refused |= await self._refused_by_rules(rows, good)
            raise RefusedBatch(sorted(refused.items()), len(verdicts))
        return Submission(good)

    async def _refused_by_rules(self, rows: Sequence[int], good: tuple[Checked, ...]) -> dict[int, Refused]:
        """Which of the well-formed rows of a batch that is lost anyhow would be refused too, so that all are named."""
        if not good:
            return {}
        try:
            await self._bridge.wait(self._sequencer.rehearse(Submission(good)))
        except RefusedBatch as refusal:
            return {rows[row]: why for row, why in refusal.rows}
        except Refused as refusal:
            return {rows[0]: refusal}
        except Busy:
            return {}
        return {}


def _alone(checked: Checked) -> Submission:
    """What one refuses costs none of those that are handed in with it. Raises Refused."""
    if not checked.signed_by:
        raise _stranger(checked)
    submission = Submission((checked,))
    refuse_founding(submission)
    return submission


def _strangers(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """A batch may bring a key and use it; whoever is neither known nor brought is not let through to the writer."""
    brought: set[str] = set()
    judged: list[Verdict] = []
    for verdict in verdicts:
        if isinstance(verdict, Checked):
            statement = verdict.statement
            if not verdict.signed_by and statement.kid not in brought:
                judged.append(_stranger(verdict))
                continue
            added = statement.body.get("add", ()) if statement.typ == "key" else ()
            brought |= {parse_jwk(one["jwk"]).kid for one in added}
        judged.append(verdict)
    return judged


def _stranger(checked: Checked) -> Refused:
    statement = checked.statement
    return Unauthorised("key_unknown", f"key {statement.kid} is not enrolled for {statement.iss}", kid=statement.kid)


def _as_batch(refusal: Refused) -> RefusedBatch:
    """A batch of one is refused as a batch."""
    return refusal if isinstance(refusal, RefusedBatch) else RefusedBatch([(0, refusal)], 1)
