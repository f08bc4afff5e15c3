"""What both verifiers say of the same files: the kernel, and the page's run by a JavaScript engine."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from engine import verdicts

from api.assets import rules
from ledger.kernel.trust import parse_trust
from ledger.kernel.verify import Expected, read_lives, verify_bundle, verify_receipt
from ledger.kernel.verify_misbehaviour import verify_misbehaviour
from ledger.passport.refold import recompute
from ledger.rules import rule_set


def kernel_says(case, known):
    trust = parse_trust(case.trust)
    if case.file.startswith(b'{"type":"coilmark.misbehaviour/v1"'):
        return verify_misbehaviour(case.file, trust)
    lives = () if case.incarnation is None else read_lives(case.incarnation, trust)
    given = {"expected": Expected(case.piece, case.index), "lives": lives}
    if b'"coilmark.bundle/' not in case.file[:64]:
        return verify_receipt(case.file, trust, **given)
    return verify_bundle(case.file, trust, **given, recompute=lambda one: recompute(one, known))


def compared(given):
    """Of each case: it, the kernel's report, what the page's verifier says. Both work at the same time."""
    known, ours = rule_set(), rules()
    with ThreadPoolExecutor(1) as beside:
        there = beside.submit(verdicts, [replace(one, rules=ours) for one in given])
        here = [kernel_says(case, known) for case in given]
    return list(zip(given, here, there.result(), strict=True))


def differs(report, said):
    """Not in the code: a body out of form has many faults, of which each verifier meets another first."""
    return (said["verified"], said["steps"]) != (report.verified, [step.outcome.value for step in report.steps])


def outcome(report):
    """The step that failed, 0 for none, and the code."""
    return report.failed.number if report.failed else 0, report.code


def agreed(given):
    """How often each step failed with each code, and the eleventh had each outcome; on every step they agree."""
    found = compared(given)
    differing = [(report.verdict, report.code, said, case) for case, report, said in found if differs(report, said)]
    assert differing[:3] == [], len(differing)
    outcomes = Counter(outcome(report) for _, report, _ in found)
    return outcomes, Counter((report.steps[10].outcome.value, report.code) for _, report, _ in found)
