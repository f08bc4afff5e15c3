"""Tests wait until something holds, not for a time."""

import time

SOON = 120  # seconds: a test that waits longer has found a hang


def eventually(attempt):
    """What it gives, as soon as that is not None or False."""
    until = time.monotonic() + SOON
    while not (found := attempt()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)
    return found
