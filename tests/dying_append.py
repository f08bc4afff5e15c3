"""A process that appends and ends, without a word, right after one step: `python -m tests.dying_append`.

Arguments: the ledger's folder, its database URL or "", the step, the clock in µs, and files with one statement each.
"""

import os
import secrets
import sys
from pathlib import Path

from ledger.checking.statements import check
from ledger.failpoints import Step
from ledger.recording.log import Submission
from ledger.recording.opening import layout, open_log

DIED, LIVED = 86, 87


def main(folder, url, step, now, *files):
    def reached(one):
        if one is Step(step):
            os._exit(DIED)

    places = layout(Path(folder), None, url or None)
    with open_log(places, clock=lambda: int(now), randomness=secrets.token_bytes, reached=reached) as log:
        keys = log.state.registry.all_keys()
        wires = [Path(file).read_bytes() for file in files]
        log.append([Submission(tuple(check(wire, audience=log.uri, keys=keys) for wire in wires))])
    return LIVED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
