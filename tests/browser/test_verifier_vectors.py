"""The page's verifier is a second implementation of SPEC 7: it finds what schemas/vectors say."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from engine import Given, run, verdicts

VECTORS = Path(__file__).parents[2] / "schemas" / "vectors"
FILES = sorted(path for kind in ("receipt", "bundle", "misbehaviour") for path in VECTORS.glob(f"{kind}/*.json"))


@pytest.fixture(scope="module", params=[False, True], ids=["webcrypto", "own curves"])
def said(request):
    cases = [given_of(path, own=request.param) for path in FILES]
    return dict(zip(FILES, verdicts(cases), strict=True))


def given_of(path, *, own):
    given = json.loads(path.read_text("ascii"))["input"]
    file = given.get(path.parent.name)
    expected = given.get("expected", {})
    return Given(
        file=b64decode(given[f"{path.parent.name}_base64"]) if file is None else file.encode(),
        trust=given["trust"].encode(),
        piece=expected.get("piece"),
        index=expected.get("index"),
        statement=given["statement"].encode() if "statement" in given else None,
        own=own,
        rules=given.get("rules"),
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_vector(path, said):
    vector = json.loads(path.read_text("ascii"))
    assert said[path]["verified"] is not vector["wantErr"], said[path]
    assert (said[path]["code"], said[path]["steps"]) == (vector.get("code", ""), vector["want"]["steps"])


FOLDERS = (
    "entry", "lineage", "subject", "implied", "json", "statement", "checkpoint", "proof", "tlog-proof", "trust",
    "party",
)  # fmt: skip


def concerns(path):
    """Not what only a ledger does: to make lineages, the extra line of other logs' proofs."""
    given = json.loads(path.read_text("ascii"))["input"]
    return "seed" not in given and path.stem != "good-extra"


PARTS = sorted(path for folder in FOLDERS for path in VECTORS.glob(f"{folder}/*.json") if concerns(path))


@pytest.fixture(scope="module")
def found():
    given = [{"folder": path.parent.name, "input": json.loads(path.read_text("ascii"))["input"]} for path in PARTS]
    return dict(zip(PARTS, run("parts.mjs", given), strict=True))


@pytest.mark.parametrize("path", PARTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_part(path, found):
    vector = json.loads(path.read_text("ascii"))
    assert found[path]["wantErr"] is vector["wantErr"], found[path]
    assert found[path].get("code") == vector.get("code")
    want = vector.get("want", {})
    for name, value in found[path].get("want", {}).items():
        assert value == want[name]
