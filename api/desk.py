"""What handlers may ask for: the open ledger and what stands around it, made when the server starts."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from litestar import Litestar, Request

from api.accounts_board import AccountsBoard
from api.accounts_process import AccountsProcess
from api.checkpoint_board import CheckpointBoard
from api.forwarding import Forwarder
from api.intake import Intake
from api.means import Means, mean_of
from api.metrics import Metrics
from api.page_maker import PageMaker
from api.records import Records
from api.restatement import Restatement, begun_at
from api.scans import Counting
from api.self_check import PAUSE, STANDBY_PAUSE, SelfCheck
from api.settings import Settings
from api.siblings import SiblingDoor
from ledger.checking.arrow_reader import ArrowReader
from ledger.checking.pool import CheckingPool
from ledger.kernel.errors import CoilmarkError, Unauthorised
from ledger.passport.codes import Codes
from ledger.passport.issue import Issuer
from ledger.recording.log import Log
from ledger.recording.opening import (
    Layout,
    clock,
    layout,
    load_codes,
    load_issuer,
    open_for_reading,
    open_log,
    second_head,
)
from ledger.recording.room import Room
from ledger.recording.second_head import SecondHead
from ledger.recording.sequencer import Sequencer
from ledger.resolving.own_links import own_links
from ledger.scans.counter import ScanCounter
from ledger.showing.passports import Standing, standing
from ledger.store.access import ANYONE, EVERYTHING, Reader, Tokens
from ledger.store.scans import SqliteScans, scans_file
from ledger.store.store import open_tokens
from ledger.upkeep.restating import Restater

_MICROSECONDS = 1_000_000
_UNDER_WAY = 100_000  # objects: a few batches of 500 statements have as many


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a request may need."""

    settings: Settings
    log: Log
    sequencer: Sequencer
    intake: Intake
    forwarder: Forwarder
    access: Tokens
    board: CheckpointBoard
    metrics: Metrics
    self_check: SelfCheck
    second: SecondHead
    places: Layout
    restater: Restater | None
    arrow_reader: ArrowReader
    accounts: AccountsBoard
    accounts_process: AccountsProcess
    means: Means
    scans: ScanCounter
    records: Records
    pages: PageMaker

    @property
    def pending(self) -> Mapping[str, int]:
        """Pieces whose passports wait to be made again, each with the first entry that changes it."""
        return self.restater.pending if self.restater is not None else {}

    @property
    def looked(self) -> int:
        """How far the restater has looked; what came later may change any passport."""
        return self.restater.seen if self.restater is not None else 0

    def standing(self, piece: str) -> Standing:
        """The newest passport of a piece. Raises Missing, Damaged."""
        return standing(self.log, piece, self.pending, self.looked, self.records.gist)

    def footprint_pending(self, found: Standing) -> int | None:
        """Since which entry the footprint of a passport waits to be computed, or None."""
        return self.restater.footprint_since(found) if self.restater is not None else None

    def codes(self) -> Codes | None:
        """The codes of the labels, with those blocked since."""
        return load_codes(self.places)


@asynccontextmanager
async def open_desk(settings: Settings, now: Callable[[], int] = clock) -> AsyncIterator[Desk]:
    """The desk for as long as the block lasts. Raises what `open_log` raises: a damaged ledger is not served."""
    places = layout(settings.folder, settings.head, settings.database, settings.process)
    own_links(places.own_links)  # a file that is wrong is said now, to who starts the server
    with ExitStack() as stack:
        issuer = load_issuer(settings.operator_key) if settings.operator_key is not None else None
        log = stack.enter_context(_opened(settings, places, now, issuer))
        desk = _furnish(settings, places, log, stack, now, issuer=issuer)
        # What is here now stays: the collector need not look through it again, ever. What a statement makes on its way
        # has no cycles: it is gone before the collector would look, unless that looks through all that is under way.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_UNDER_WAY, 10, 10)
        door = SiblingDoor(desk.intake)
        await door.open(settings.address)
        patrol = asyncio.create_task(desk.self_check.run())
        try:
            async with _restating(desk, now), _counting(desk.scans):
                yield desk
        finally:
            desk.self_check.stop()
            await patrol
            await desk.forwarder.stop()
            await door.close()


def _opened(
    settings: Settings, places: Layout, now: Callable[[], int], issuer: Issuer | None
) -> AbstractContextManager[Log]:
    if settings.read_only:
        return open_for_reading(places, clock=now)
    return open_log(places, standby=True, address=settings.address, clock=now, issuer=issuer)


@asynccontextmanager
async def _restating(desk: Desk, now: Callable[[], int]) -> AsyncIterator[None]:
    """Passports are made again for as long as the block lasts; the round under way is waited for."""
    if desk.restater is None:
        yield
        return
    restatement = Restatement(desk.restater, desk.places.restated, now)
    task = asyncio.create_task(restatement.run())
    try:
        yield
    finally:
        restatement.stop()
        await task


@asynccontextmanager
async def _counting(scans: ScanCounter) -> AsyncIterator[None]:
    """Scans are written down for as long as the block lasts, and once more at its end."""
    counting = Counting(scans)
    task = asyncio.create_task(counting.run())
    try:
        yield
    finally:
        counting.stop()
        await task


def _furnish(
    settings: Settings, places: Layout, log: Log, stack: ExitStack, now: Callable[[], int], *, issuer: Issuer | None
) -> Desk:
    metrics = Metrics()
    metrics.watch("process", "Which process of a server with several this is", lambda: settings.process)
    access = open_tokens(settings.folder, places.url)
    stack.callback(access.close)
    disks = (places.folder, places.head.parent) if isinstance(places.head, Path) else (places.folder,)
    room = Room(disks, settings.reserve)
    sequencer = Sequencer(log, observe=metrics.committed, require_room=room.require)
    sequencer.start()
    stack.callback(sequencer.stop)
    pool = CheckingPool(settings.checkers) if settings.checkers else None
    if pool is not None:
        stack.callback(pool.stop)
        if log.leads:  # a standby has batches checked by the server that leads
            pool.start()
    arrow_reader = ArrowReader()
    stack.callback(arrow_reader.stop)
    accounts, accounts_process = AccountsBoard(), AccountsProcess(places.location)
    stack.callback(accounts.stop, accounts_process.stop)
    means = Means(partial(mean_of, log), time.monotonic)
    stack.callback(means.stop)
    _watch(metrics, log, sequencer, now)
    metrics.watch("storage_free_bytes", "Free on the fullest of the ledger's disks", lambda: room.free)
    metrics.watch("storage_low", "1 where a disk has less than a tenth left", lambda: room.low)
    metrics.watch("storage_full", "1 while nothing is recorded for want of room", lambda: room.full)
    self_check = SelfCheck(log, places.location, now, pause=lambda: _pause(settings, sequencer))
    metrics.watch("self_check_wrong", "1 while stored data is not what was recorded", lambda: self_check.wrong)
    metrics.watch("self_check_passes", "How often the whole ledger was read again", lambda: self_check.passes)
    return Desk(
        settings=settings,
        log=log,
        sequencer=sequencer,
        intake=Intake(log, sequencer, pool),
        forwarder=Forwarder((lambda: "") if settings.read_only else log.store.leader),
        access=access,
        board=CheckpointBoard(lambda: log.state.published, time.monotonic),
        metrics=metrics,
        self_check=self_check,
        second=second_head(places),
        places=places,
        restater=None if issuer is None else Restater(log, sequencer.submit_each, issuer, begun_at(places.restated)),
        arrow_reader=arrow_reader,
        accounts=accounts,
        accounts_process=accounts_process,
        means=means,
        scans=_scans(places, metrics, stack, now),
        records=Records(time.monotonic),
        pages=PageMaker(time.monotonic, here=places.url is None),
    )


def _pause(settings: Settings, sequencer: Sequencer) -> float:
    """Between rounds of the self-check, in seconds. A replica's database is its own; nobody else reads that."""
    return STANDBY_PAUSE if sequencer.standing_by and not settings.read_only else PAUSE


def _scans(places: Layout, metrics: Metrics, stack: ExitStack, now: Callable[[], int]) -> ScanCounter:
    """In a file of this server: what cannot be counted hinders nothing else."""
    store = SqliteScans(scans_file(places.folder))
    stack.callback(store.close)
    counter = ScanCounter(store, now)
    metrics.watch("scan_count_failures", "How often counts of scans were not read or written", lambda: counter.failures)
    return counter


def _watch(metrics: Metrics, log: Log, sequencer: Sequencer, now: Callable[[], int]) -> None:
    metrics.watch("head_size", "Entries in the ledger", lambda: log.state.published.checkpoint.size)
    metrics.watch(
        "head_age_seconds", "Since the newest entry was recorded", lambda: (now() - log.state.last_time) / _MICROSECONDS
    )
    metrics.watch("leads", "1 where this server writes, 0 where it stands by", lambda: not sequencer.standing_by)
    metrics.watch("waiting_statements", "Handed in and not yet answered", lambda: sequencer.waiting)


def keep(settings: Settings) -> Callable[[Litestar], Any]:
    """The lifespan of an application: its desk, in its state."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        try:
            async with open_desk(settings) as desk:
                app.state["desk"] = desk
                try:
                    yield
                finally:
                    del app.state["desk"]
        except CoilmarkError as error:
            app.state["not_served"] = error.sentence
            raise

    return lifespan


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    """The desk of the application that this request came to."""
    return cast("Desk", request.app.state["desk"])


def reader_of(request: Request[Any, Any, Any]) -> Reader:
    """Who asks. Raises Unauthorised for an Authorization header that holds no good bearer token."""
    desk = desk_of(request)
    said = request.headers.get("authorization")
    if said is None:
        return EVERYTHING if desk.settings.open else ANYONE
    scheme, _, secret = said.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorised("authorization", "the authorization here is `Bearer <token>`")
    reader = desk.access.reader(secret.strip())
    return EVERYTHING if desk.settings.open else reader
