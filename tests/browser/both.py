"""What both verifiers say of the same files: the kernel, and the page's run by a JavaScript engine."""

from collections import Counter
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


def agreed(given):
    """How often each step failed with each code, and the eleventh had each outcome; on every step they agree."""
    differing, outcomes, eleventh, known, ours = [], Counter(), Counter(), rule_set(), rules()
    for case, said in zip(given, verdicts([replace(one, rules=ours) for one in given]), strict=True):
        report = kernel_says(case, known)
        steps = [step.outcome.value for step in report.steps]
        outcomes[report.failed.number if report.failed else 0, report.code] += 1
        eleventh[steps[10], report.code] += 1
        # Not the code: a body out of form has many faults, of which each verifier meets another first.
        if (said["verified"], said["steps"]) != (report.verified, steps):
            differing.append((report.verdict, report.code, said, case))
    assert differing[:3] == [], len(differing)
    return outcomes, eleventh
