"""A process that does one kind of work, one piece after another, and may die of it alone."""

import gc
import logging
import multiprocessing
import os
import pickle
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

_STOP_SECONDS = 5
_UNDER_WAY = 100_000  # objects: what a piece of work makes has no cycles and is gone before the collector would look


@dataclass(frozen=True, slots=True)
class Worker:
    """One process and the pipe to it. One thread asks at a time."""

    process: Any  # SpawnProcess
    pipe: Connection

    def ask(self, work: Any, seconds: float) -> Any:
        """Send and wait. None where it died, or did not answer in time: kill it then."""
        try:
            self.pipe.send(work)
            if self.pipe.poll(seconds):
                return self.pipe.recv()
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            _log.warning("%s %d is gone: %r", self.process.name, self.process.pid, error)
            return None
        _log.warning("%s %d did not answer in %g s", self.process.name, self.process.pid, seconds)
        return None

    def kill(self) -> None:
        """End it now, whatever it does."""
        self.pipe.close()
        self.process.kill()
        self.process.join(_STOP_SECONDS)

    def end(self) -> None:
        """Let it end by itself."""
        self.pipe.close()  # the worker reads the end of its pipe, and ends
        self.process.join(_STOP_SECONDS)
        if self.process.exitcode is None:
            self.kill()


def start_worker(answer: Callable[[Any], Any], name: str) -> Worker | None:
    """A worker that gives `answer` to each piece; None where no process can be had.

    `answer` is a function of a module, or what can be sent there and is called again and again.

    What `answer` raises ends the worker: it says in its answer what shall be known.
    """
    # spawn: a fork of a process that has threads may inherit a lock that nobody will ever open.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, answer), name=name, daemon=True)
    try:
        process.start()
    except OSError:
        _log.exception("no process %s could be started", name)
        ours.close()
        return None
    finally:
        theirs.close()
    return Worker(process, ours)


def _work(pipe: Connection, answer: Callable[[Any], Any]) -> None:
    """The worker: until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when it is over
    os.nice(10)  # the one writer goes first: at 1 batches took a tenth longer where two cores do all
    gc.freeze()
    gc.set_threshold(_UNDER_WAY, 10, 10)
    while True:
        try:
            work = pipe.recv()
        except (EOFError, OSError):
            return
        said = answer(work)
        try:
            pipe.send(said)
        except OSError:
            return


def confine(memory: int) -> None:
    """For a process that reads what may be hostile: `memory` bytes of its own, and the first to go where all is used.

    Does nothing in a process that nobody started to work for him.
    """
    if multiprocessing.parent_process() is None:
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (memory if hard < 0 else min(memory, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
