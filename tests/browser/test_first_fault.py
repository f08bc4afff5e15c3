"""The page's verifier checks all signatures at once, and tells the first fault in the order of entries all the same."""

import pytest
from both import kernel_says
from engine import Given, verdicts
from forged_ledger import ForgedLedger
from small_ledger import OPERATOR, PLANT, ROLES

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.trust import format_trust
from ledger.rules import rule_set


def badly_signed(ledger):
    head, payload, _ = ledger.statement(OPERATOR, "party", PLANT.profile(*ROLES)).split(b".")
    signature = b64url_encode(bytes([1]) * 63 + bytes(1)).encode()
    ledger.registry.add(ledger.record(b".".join((head, payload, signature + b"~"))))


def by_an_unknown_key(ledger):
    ledger.add(OPERATOR.with_key("thief"), "party", PLANT.profile(*ROLES))


def with_a_key_that_nobody_proved_to_hold(ledger):
    proof = OPERATOR.with_key("plant-2").addition()["proof"]
    addition = PLANT.with_key("plant-2").addition() | {"proof": proof}
    ledger.add(OPERATOR, "key", {"party": PLANT.id, "add": [addition], "recovery": True})


FAULTS = {
    badly_signed: "signature",
    by_an_unknown_key: "key_unknown",
    with_a_key_that_nobody_proved_to_hold: "possession",
}


@pytest.mark.parametrize("own", [False, True], ids=["WebCrypto", "own curves"])
@pytest.mark.parametrize(("first", "second"), [(one, other) for one in FAULTS for other in FAULTS])
def test_of_two_faults_the_first_is_told(first, second, own):
    ledger = ForgedLedger()
    first(ledger)
    second(ledger)
    given = Given(ledger.bundle(4), format_trust(ledger.trust()).encode(), own=own)
    [said] = verdicts([given])
    assert said["code"] == FAULTS[first] == kernel_says(given, rule_set()).code
