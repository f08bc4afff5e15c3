"""schemas/vectors: our kernel finds what every file says, and the files are what the generator makes."""

import json
import re
from collections import Counter
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
import slow_merkle
from vectors import example
from vectors.cases import Case, check
from vectors.collection import vector_files, with_example
from vectors.run import FOLDERS, outcome

from ledger.kernel.trust import parse_trust
from ledger.kernel.verify import Expected, verify_bundle, verify_receipt

SCHEMAS = Path(__file__).parents[2] / "schemas"
FOLDER = SCHEMAS / "vectors"
SPEC = (SCHEMAS / "SPEC.md").read_text("utf-8")
FILES = sorted(path for path in FOLDER.glob("*/*.json") if path.parent.name != "example")
LEAST = {
    "entry": 5, "lineage": 14, "subject": 17, "statement": 40, "json": 20, "note": 10, "checkpoint": 10, "proof": 23,
    "tlog-proof": 7, "trust": 11, "party": 12, "implied": 15, "receipt": 33, "bundle": 28, "misbehaviour": 5,
}  # fmt: skip


def read(path):
    return json.loads(path.read_text("ascii"), parse_float=Decimal)


@pytest.fixture(scope="module")
def shown():
    return read(FOLDER / example.NAME)["want"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_vector(path):
    value = read(path)
    said = {name: one for name, one in value.items() if name not in {"desc", "input"}}
    assert outcome(path.parent.name, value["input"]) == said


def test_no_folder_is_empty():
    counts = Counter(path.parent.name for path in FILES)
    assert set(counts) == set(FOLDERS) == set(LEAST)
    assert [name for name, least in LEAST.items() if counts[name] < least] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_has_good_and_bad(folder):
    assert {read(path)["wantErr"] for path in FILES if path.parent.name == folder} == {False, True}


def test_the_files_stay_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.json")) < 1_500_000


def test_the_files_are_what_the_generator_makes():
    made = vector_files()
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json")} == made.keys()
    assert [name for name, data in made.items() if (FOLDER / name).read_bytes() != data] == []


def test_the_generator_contradicts_a_case_that_is_wrong():
    case = Case("json", "x", "x", {"json": "[1]", "plain": True}, "number")
    with pytest.raises(AssertionError, match="'wantErr': False"):
        check(case, outcome(case.folder, case.input))


def test_the_worked_example_of_the_specification_is_current(shown):
    assert with_example(SPEC, shown) == SPEC


def test_every_code_in_the_vectors_stands_in_the_specification():
    codes = {value["code"] for value in map(read, FILES) if "code" in value}
    assert len(codes) > 50
    assert [code for code in sorted(codes) if f"`{code}`" not in SPEC] == []


def test_every_failing_step_has_a_vector():
    steps = {value["step"] for value in map(read, FILES) if "step" in value}
    assert steps == set(range(1, 13))  # 13 checks nothing


def test_the_damaged_receipts_and_bundles_are_many():
    damaged = [path for path in FILES if path.parent.name in {"receipt", "bundle"} and read(path)["wantErr"]]
    assert len(damaged) >= 25


# The worked example, with no code of ours between the reader and the bytes.


def test_the_example_statement_and_disclosure_hash_as_said(shown):
    signed, text, end = shown["statements"][3].split("~")
    assert end == ""
    assert sha256(signed.encode()).hexdigest() == shown["statement_digest"] == shown["entries"][3][98:162]
    digest = sha256(text.encode()).digest()
    (said,) = json.loads(shown["payload"])["lot-event"]["al:attributes"][0]["_sd"]
    assert said == shown["disclosure"]["digest"] == _b64url(digest)


def _b64url(data):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 6)
    return "".join(letters[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def test_the_example_lineage_hashes_as_said(shown):
    hashes = []
    for item in shown["items"]:
        key = sha256(f"coilmark/subject/v1\n{item['kind']}\n{item['id']}".encode()).hexdigest()
        assert key == item["subject"] == item["item"][2:66]
        hashes.append(sha256(bytes.fromhex("00" + item["salt"] + item["item"])).digest())
        assert hashes[-1].hex() == item["hash"]
    root = slow_merkle.mth(hashes)
    digest = sha256(b"\x02" + len(hashes).to_bytes(4, "big") + root).hexdigest()
    assert (root.hex(), digest) == (shown["lineage_root"], shown["lineage_digest"])
    assert digest == shown["entries"][3][162:]


def test_the_example_entries_chain_and_make_the_root(shown):
    entries = [bytes.fromhex(one) for one in shown["entries"]]
    leaves = [slow_merkle.leaf(one) for one in entries]
    assert [one.hex() for one in leaves] == shown["leaves"]
    assert [one[17:49] for one in entries] == [bytes(32), *leaves[:-1]]
    assert slow_merkle.mth(leaves).hex() == shown["root"]


def test_the_example_receipt_and_bundle_verify(shown):
    trust, expected = parse_trust(shown["trust"]), Expected(piece="(01)09521141000014(21)C-1", index=3)
    receipt = verify_receipt(shown["receipt"].encode(), trust, expected=expected)
    bundle = verify_bundle(shown["bundle"].encode(), trust, expected=expected)
    assert (receipt.verified, bundle.verified) == (True, True), (receipt.verdict, bundle.verdict)


def test_the_generator_prints_the_seeds_that_make_the_keys(shown):
    assert [sha256(key["seed"].encode()).hexdigest() for key in shown["keys"]] == [
        one["private"] for one in shown["keys"]
    ]


def test_the_block_shows_the_bytes_and_not_a_memory_of_them(shown):
    block = SPEC.partition("<!-- example:begin -->")[2].partition("<!-- example:end -->")[0]
    found = set(re.findall(r"\b[0-9a-f]{64}\b", block))
    assert {*shown["leaves"], shown["root"], shown["lineage_digest"], shown["statement_digest"]} <= found
