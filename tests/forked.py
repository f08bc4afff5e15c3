"""A copy of this process that does one thing and ends: it may be killed where it pleases the test."""

import os
import signal
import time

_PATIENCE = 6_000  # looks, of ten milliseconds


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
        for _ in range(_PATIENCE):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return status
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
