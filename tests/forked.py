"""A copy of this process that does one thing and ends: it may be killed where it pleases the test."""

import os
import signal
import time
from pathlib import Path

_PATIENCE = 5  # seconds without any of the processor


def status_of(work):
    """The wait status of a fork after `work()`, which ends it.

    One that hangs inherited a lock that another thread held here, of the allocator of SQLite for one. That says nothing
    of what is tested: it is killed, and another made.
    """
    while True:
        if (child := os.fork()) == 0:
            try:
                work()
            finally:
                os._exit(70)  # whatever it raised: none of it goes on in the tests
        if (status := _ended(child)) is not None:
            return status
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _ended(child):
    """Its wait status, or None where it hangs. Whoever waits for a processor or a disk does not: it is not asleep."""
    spent, since = None, time.monotonic()
    while time.monotonic() - since < _PATIENCE:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        state, *_, user, system = Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()[:13]
        if state != "S" or (user, system) != spent:
            spent, since = (user, system), time.monotonic()
        time.sleep(0.01)
    return None
