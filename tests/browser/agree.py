"""Both verifiers on bundles by the thousand: mills, ledgers, parks of chance, operators who cheat, damage on the way.

    python -m tests.browser.agree [--bundles 10000] [--seed 1] [--keep FOLDER]

Each batch has a story of its own, from the run's seed and its number, so that it can be made again by itself. Compared
is the outcome of every step of every bundle. One on which they differ goes into the folder; the run then ends with 1.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

TESTS = Path(__file__).resolve().parents[1]
# The modules beside the tests import each other by their own names, as pytest lets them.
sys.path[:0] = [str(TESTS), *(str(TESTS / name) for name in ("browser", "passport", "carbon"))]

import carbon_cheats  # noqa: E402  the lines above make it importable
from both import compared, differs, outcome  # noqa: E402  likewise
from cheats import bundled, cheated, copied, told_by  # noqa: E402  likewise
from damaged import cases  # noqa: E402  likewise
from engine import Given  # noqa: E402  likewise
from forgeries import forged  # noqa: E402  likewise
from small_mill import small_mill  # noqa: E402  likewise
from test_random_mills import Chance, InRuns, InUnits  # noqa: E402  likewise

from ledger.kernel.gs1 import canonical_id  # noqa: E402  likewise

BATCH = 200
VECTORS = TESTS.parent / os.environ.get("COILMARK_VECTORS", "../shared/vectors")


@dataclass(frozen=True)
class Batch:
    """So many bundles of one story."""

    seed: str
    kind: str
    bundles: int


def batches(seed, bundles):
    """Of ten, six are mills, three ledgers, one a park with evidence of a footprint, where its figures are at hand."""
    parks = "park" if (VECTORS.parent / "reference" / "carbon_worked_example.json").is_file() else "mill"
    kinds = ["mill", "ledger", "mill", parks, "mill", "ledger", "mill", "mill", "ledger", "mill"]
    for number, first in enumerate(range(0, bundles, BATCH)):
        yield Batch(f"{seed}/{number}", kinds[number % len(kinds)], min(BATCH, bundles - first))


def given_of(batch):
    """The bundles of a batch, each as a reader gets it."""
    random = Random(batch.seed)
    return {"mill": _mill, "ledger": _ledger, "park": _park}[batch.kind](random, batch.bundles)


def _mill(random, number):
    """Anything may have happened in it. Of three bundles two are an operator's who cheats, one was damaged later."""
    kind, moves = random.choice((Chance, InRuns, InUnits)), random.randint(60, 240)
    with tempfile.TemporaryDirectory() as folder, small_mill(Path(folder)) as mill:
        chance = kind(mill, random.randrange(2**32))
        pieces = []
        while not pieces:
            chance.play(moves)
            pieces = [canonical_id(name) for name in chance.pieces if chance.known(name) is not None]
        told = told_by(mill, pieces)
    honest = [bundled(copied(told.ledger), piece, *told.said[piece]) for piece in pieces[:20]]
    return [*_signed(cheated(random, [told], number * 2 // 3)), *cases(random, honest, number - number * 2 // 3)]


def _ledger(random, number):
    """Receipts and bundles of ledgers in which anything may have been signed, damaged besides."""
    return cases(random, forged(random, number // 4 + 1), number)


def _park(random, number):
    """Two coils' hours, attestations, allocations and streams, one of which says something else."""
    return _signed(carbon_cheats.cheated(random, _told(), number))


@cache  # it is the same in every batch
def _told():
    return carbon_cheats.park(VECTORS)


def _signed(sources):
    return [Given(one.file, one.trust, one.pieces[-1]) for one in sources]


def judged(batch):
    """How often each step failed with each code, and the bundles on which the two differ, with what each said."""
    found = compared(given_of(batch))
    differing = [(case, report.verdict, said) for case, report, said in found if differs(report, said)]
    return Counter(outcome(report) for _, report, _ in found), differing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundles", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--keep", type=Path, default=Path("build/differing"), help="where bundles go on which they differ"
    )
    order = parser.parse_args()
    started, outcomes, kinds, differing = time.monotonic(), Counter(), Counter(), 0
    with ProcessPoolExecutor(2) as pool:
        waiting = {pool.submit(judged, one): one for one in batches(order.seed, order.bundles)}
        for done in as_completed(waiting):
            batch, (found, other) = waiting[done], done.result()
            outcomes, differing = outcomes + found, differing + len(other)
            kinds[batch.kind] += batch.bundles
            keep(order.keep, batch, other)
            say(f"\r{kinds.total()} bundles, {differing} on which they differ", end="")
    say(told(outcomes, kinds, differing, time.monotonic() - started))
    return 1 if differing else 0


def keep(folder, batch, differing):
    for number, (case, verdict, said) in enumerate(differing):
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{batch.kind}-{batch.seed.replace('/', '-')}-{number}"
        (folder / f"{name}.coilmark.json").write_bytes(case.file)
        (folder / f"{name}.trust.txt").write_bytes(case.trust)
        (folder / f"{name}.says.txt").write_text(f"{case.piece} {case.index}\n{verdict}\n{said}\n")


def told(outcomes, kinds, differing, seconds):
    steps = Counter()
    for (step, _), count in outcomes.items():
        steps[step] += count
    refused = ", ".join(f"{steps[step]} at step {step}" for step in sorted(steps) if step)
    made = ", ".join(f"{count} of {kind}s" for kind, count in kinds.items())
    return (
        f"\n{kinds.total()} bundles ({made}) in {seconds:.0f} s: {steps[0]} verified, {refused}; "
        f"{len(outcomes)} different outcomes; {differing} on which the two verifiers differ"
    )


def say(line, end="\n"):
    print(line, end=end, flush=True)  # noqa: T201  a command says what it did


if __name__ == "__main__":
    sys.exit(main())
