"""Two verifiers, one specification: on honest, forged and damaged files they say the same of every step."""

import json
import os
import sys
from base64 import b64decode
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from damaged import Source, cases, parcels
from engine import verdicts
from forgeries import forged
from small_ledger import ROLLING

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, pallet, piece, small_mill

from ledger.kernel.trust import parse_trust
from ledger.kernel.verify import Expected, verify_bundle, verify_receipt

VECTORS = Path(__file__).parents[2] / "schemas" / "vectors"
NUMBER = int(os.environ.get("COILMARK_DAMAGED", "10000"))


def of_vectors():
    """Every receipt and bundle of schemas/vectors."""
    for path in sorted([*VECTORS.glob("receipt/*.json"), *VECTORS.glob("bundle/*.json")]):
        given = json.loads(path.read_text("ascii"))["input"]
        kind = path.parent.name
        file = given[kind].encode() if kind in given else b64decode(given[f"{kind}_base64"])
        yield Source(file, given["trust"].encode(), (None, given.get("expected", {}).get("piece")))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    random = Random(20_260_105)
    with small_mill(tmp_path_factory.mktemp("mill")) as mill:
        mill.make_coils("A")
        mill.pack(ROLLING, pallet(), piece("A-1"), piece("A-2"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None))
        real = list(parcels(mill, ("A-1", "A-2"), piece))
    return cases(random, [*of_vectors(), *forged(random, NUMBER // 20), *real * (NUMBER // 250)], NUMBER)


def kernel_says(case):
    verify = verify_bundle if b'"coilmark.bundle/' in case.file[:64] else verify_receipt
    return verify(case.file, parse_trust(case.trust), expected=Expected(case.piece, case.index))


def test_they_agree_on_every_step_of_every_file(files):
    differing, outcomes = [], Counter()
    for case, said in zip(files, verdicts(files), strict=True):
        report = kernel_says(case)
        steps = [step.outcome.value for step in report.steps]
        outcomes[report.failed.number if report.failed else 0, report.code] += 1
        # Not the code: a body out of form has many faults, of which each verifier meets another first.
        if (said["verified"], said["steps"]) != (report.verified, steps):
            differing.append((report.verdict, report.code, said, case))
    assert differing[:3] == [], len(differing)
    # Nothing would be shown by files that all fail alike.
    assert {step for step, _ in outcomes} == set(range(13)), outcomes
    assert len(outcomes) > 55, outcomes
    assert outcomes[0, ""] > NUMBER / 20, outcomes
