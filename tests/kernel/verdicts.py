"""What a test says of a report."""

from ledger.kernel.report import Outcome
from ledger.kernel.verify import verify_bundle, verify_receipt


def _failed(report, step, sentence):
    assert report.failed is not None, report.verdict
    assert (report.failed.number, sentence in report.failed.sentence) == (step, True), report.failed


def receipt_fails(data, trust, step, sentence, **given):
    """The receipt fails at this step of SPEC 7, with these words."""
    _failed(verify_receipt(data, trust, **given), step, sentence)


def bundle_fails(data, trust, step, sentence, **given):
    """The bundle fails at this step of SPEC 7, with these words."""
    _failed(verify_bundle(data, trust, **given), step, sentence)


def breaks(forged, about, step, sentence):
    """The bundle as a cheating operator would hand it out fails."""
    bundle_fails(forged.bundle(about), forged.trust(), step, sentence)


def skipped(report):
    return [step.number for step in report.steps if step.outcome is Outcome.NOT_CHECKED]


def says(report, number, sentence):
    assert sentence in report.steps[number - 1].sentence, report.steps[number - 1].sentence


def is_open(report, sentence):
    assert any(sentence in point for point in report.open_points), report.open_points


def is_not_open(report, sentence):
    assert not any(sentence in point for point in report.open_points), report.open_points
