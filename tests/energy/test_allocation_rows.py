"""How many rows a statement of allocations holds within the limit of its size, as SPEC 4.9.12 says."""

import pytest

from ledger.kernel.errors import TooLarge
from ledger.kernel.keys import generate, load_signer
from ledger.kernel.statement import issue

PLANT, SIGNER = "(417)9521212000011", load_signer(generate())


def size_of(rows):
    body = {"matching": "hourly", "purpose": "footprint", "beneficiary": PLANT, "rows": rows}
    return len(
        issue(
            typ="energy-allocation", iss=PLANT, jti=f"urn:uuid:{'0' * 8}-0000-4000-8000-{'0' * 12}",
            aud="https://demo.coilmark.example/ledger", iat=1_780_000_000, body=body, signer=SIGNER,
            salt=lambda: b"s" * 16,
        )
    )  # fmt: skip


def row(attestation, record, wh, **delivery):
    return {"attestation": attestation, "from_wh": 0, "to_wh": wh, "consumption": record, "hour": 0, **delivery}


SHORTEST = row(f"{PLANT}/1", f"{PLANT}/1", 1, delivery="same-zone")
USUAL = row(
    f"{PLANT}/2026-05-04T01", f"{PLANT}/drawn/digestion/2026-05-04", 415_150, delivery="contract",
    contract=f"{PLANT}/ppa-refinery",
)  # fmt: skip
LONGEST = row(
    f"{PLANT}/{'a' * 181}", f"{PLANT}/{'c' * 181}", 415_150, delivery="contract", contract=f"{PLANT}/{'k' * 181}"
)


@pytest.mark.parametrize(("one", "rows"), [(SHORTEST, 1_500), (USUAL, 900), (LONGEST, 270)])
def test_so_many_rows_fit_and_a_few_more_do_not(one, rows):
    assert size_of([one] * rows) <= 256 * 1024
    with pytest.raises(TooLarge, match=r"the statement has \d+ bytes, the limit is 262144"):
        size_of([one] * (rows + 20))
