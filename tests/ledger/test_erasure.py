"""What may be destroyed, and that nothing that was proven is destroyed with it (SPEC 4.2)."""

import pytest

from ledger.kernel.disclosure import Hidden
from ledger.kernel.errors import RefusedBatch, RuleBroken
from ledger.kernel.proofs import verify_inclusion
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import parse
from ledger.kernel.verify import verify_receipt
from tests.small_ledger import coil, small_ledger
from tests.whole import check_whole

SECRET = "signed by a person with a name"


@pytest.fixture
def world(tmp_path):
    with small_ledger(tmp_path) as world:
        yield world


def contract(world, **changes):
    body = {
        "id": f"{world.plant.id}/supply-1",
        "kind": "supply",
        "status": "in-force",
        "from": world.plant.id,
        "to": world.operator.id,
        "parties": [world.plant.id, world.operator.id],
        "valid": {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"},
    }
    return body | changes


def notice(index, *digests):
    return {"kind": "erasure", "erasure": {"index": index, "disclosures": list(digests), "ground": "personal-data"}}


def posted(world, body):
    receipt = world.post(world.plant, "contract", body)
    return receipt, [disclosure.digest for disclosure in parse(receipt.statement).disclosures]


def test_an_erased_note_is_gone_and_every_proof_stays(world):
    receipt, (digest,) = posted(world, contract(world, note=Hidden(SECRET)))
    index = receipt.entry.index
    world.post(world.operator, "notice", notice(index, digest))
    assert parse(world.stored(index).wire).withheld == 1
    check_whole(world, [receipt])
    assert verify_receipt(encode_receipt(world.receipt(index)), world.trust).verified
    size, root = world.size, world.log.state.published.checkpoint.root
    verify_inclusion(
        index=index, size=size, leaf=receipt.entry.leaf, path=world.log.tree.inclusion_path(index, size), root=root
    )  # fmt: skip


def test_no_byte_of_it_is_left_in_the_files(world):
    receipt, (digest,) = posted(world, contract(world, note=Hidden(SECRET)))
    text = parse(receipt.statement).disclosures[0].text.encode()
    world.post(world.operator, "notice", notice(receipt.entry.index, digest))
    files = [path for path in world.places.folder.rglob("*") if path.is_file()]
    assert [path for path in files if text in path.read_bytes()] == []


def test_a_retry_after_erasure_gets_its_entry_without_what_was_erased(world):
    wire = world.statement(world.plant, "contract", contract(world, note=Hidden(SECRET)))
    (receipt,) = world.submit(wire)
    world.post(world.operator, "notice", notice(receipt.entry.index, parse(wire).disclosures[0].digest))
    (again,) = world.submit(wire)
    assert again.entry == receipt.entry
    assert parse(again.statement).withheld == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": Hidden("supply")}, "is not the note of its body: a rule may read it"),
        ({"note": "in the clear"}, "has no disclosure .* that could be erased"),
    ],
)
def test_nothing_else_is_erased(world, change, sentence):
    receipt, digests = posted(world, contract(world, **change))
    with pytest.raises(RuleBroken, match=sentence):
        world.post(world.operator, "notice", notice(receipt.entry.index, *(digests or ["A" * 43])))
    assert world.stored(receipt.entry.index).wire == receipt.statement


def test_a_lot_event_has_nothing_to_erase(world):
    receipt = world.post(world.plant, "lot-event", coil("C-1", disposition=Hidden("active")))
    digest = parse(receipt.statement).disclosures[0].digest
    with pytest.raises(RuleBroken, match="may be withheld but never erased"):
        world.post(world.operator, "notice", notice(receipt.entry.index, digest))


def test_nothing_is_erased_before_it_is_there_or_twice(world):
    with pytest.raises(RuleBroken, match="entry 9 does not exist yet"):
        world.post(world.operator, "notice", notice(9, "A" * 43))
    receipt, (digest,) = posted(world, contract(world, note=Hidden(SECRET)))
    world.post(world.operator, "notice", notice(receipt.entry.index, digest))
    with pytest.raises(RuleBroken, match=r"has no disclosure .* that could be erased"):
        world.post(world.operator, "notice", notice(receipt.entry.index, digest))


def test_a_refused_batch_erases_nothing(world):
    receipt, (digest,) = posted(world, contract(world, note=Hidden(SECRET)))
    erasing = world.statement(world.operator, "notice", notice(receipt.entry.index, digest))
    with pytest.raises(RefusedBatch, match="1 row is refused of 2, nothing was stored; row 1: entry 99 does not exist"):
        world.submit(erasing, world.statement(world.operator, "notice", notice(99, digest)))
    assert parse(world.stored(receipt.entry.index).wire).withheld == 0
