import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.checkpoint import Checkpoint, sign_checkpoint
from ledger.kernel.encoding import b64_decode
from ledger.kernel.errors import Malformed, Refused, TooLarge
from ledger.kernel.hashing import leaf_hash
from ledger.kernel.keys import PublicKey, Signer
from ledger.kernel.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNER = Signer(PublicKey("Ed25519", PRIVATE.public_key().public_bytes_raw()), PRIVATE.sign)
ROOT = leaf_hash(b"root")
NOTE = sign_checkpoint(Checkpoint("ledger.example/park", 42, ROOT), "ledger.example/park", SIGNER)
PROOF = format_tlog_proof(TlogProof(5, (ROOT, leaf_hash(b"")), NOTE))


@pytest.fixture(scope="module")
def published(vectors):
    return json.loads((vectors / "derived" / "tlog_proof_format.json").read_text())


def test_published_proofs_are_written_and_read_as_published(published):
    assert len(published["marshal"]) == 3
    for case in published["marshal"]:
        path = tuple(b64_decode(text) for text in case["hashes_b64"])
        extra = case["extra"].encode() if case["extra"] else None
        assert format_tlog_proof(TlogProof(case["index"], path, case["checkpoint"], extra)) == case["text"]
        # Their checkpoints are placeholders, which only a reader that does not look at them takes.
        with pytest.raises(Malformed, match="a note is text, an empty line and signature lines"):
            parse_tlog_proof(case["text"])
        text = case["text"].replace(case["checkpoint"], NOTE)
        assert parse_tlog_proof(text) == TlogProof(case["index"], path, NOTE, extra)


def test_published_malformed_proofs_are_refused(published):
    assert len(published["reject"]) == 7
    for case in published["reject"]:
        text = case["text"].replace("\ncheckpoint\n", "\n" + NOTE)
        assert text.endswith(NOTE)
        with pytest.raises(Malformed) as caught:
            parse_tlog_proof(text)
        assert "note" not in caught.value.sentence, case["why"]


def test_a_proof_is_header_index_path_and_checkpoint():
    lines = PROOF.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert [b64_decode(line) for line in lines[2:4]] == [ROOT, leaf_hash(b"")]
    assert lines[4] == ""
    assert "\n".join(lines[5:]) == NOTE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a proof begins with the line"),
        (PROOF.replace("@v1", "@v2"), "a proof begins with the line"),
        ("\n" + PROOF, "a proof begins with the line"),
        ("\ufeff" + PROOF, "a proof begins with the line"),
        (PROOF.replace("\n", "\r\n"), "a proof begins with the line"),
        (PROOF.partition("\n\n")[0] + "\n", "a proof begins with the line"),
        ("c2sp.org/tlog-proof@v1\n\n" + NOTE, "the index line of the proof is missing"),
        (PROOF.replace("index 5\n", ""), "the index line of the proof is missing"),
        (PROOF.replace("index 5\n", "extra AAAA\n"), "the index line of the proof is missing"),
        (PROOF.replace("index 5\n", "index 5\nextra AAAA\n"), "a hash of the proof's path is not base64"),
        (PROOF.replace("index 5\n", "extra AAAA\nextra AAAA\nindex 5\n"), "the index line of the proof is missing"),
        (PROOF.replace("index 5\n", "extra \nindex 5\n"), "the extra line of the proof is empty"),
        (PROOF.replace("index 5\n", "extra\nindex 5\n"), "the index line of the proof is missing"),
        (PROOF.replace("index 5\n", "index  5\n"), "the index of the proof is not a decimal"),
        (PROOF.replace("index 5\n", "index 05\n"), "the index of the proof is not a decimal"),
        (PROOF.replace("index 5\n", "index 5\nindex 5\n"), "a hash of the proof's path"),
        (PROOF.replace("index 5\n", "index 9223372036854775807\n"), "the most is 9223372036854775806"),
        (PROOF.replace("index 5\n", "index 5\nAAAA\n"), "a hash of the proof's path has 3 bytes, want 32"),
        (PROOF.replace("=\n", "\n", 1), "a hash of the proof's path is not base64"),
        (PROOF.replace("=\n", "= \n", 1), "a hash of the proof's path is not base64"),
        (PROOF.partition("\n\n")[0] + "\n\n", "a note is text"),
        (PROOF + "junk", "the last ends in a newline"),
        (PROOF + "junk\n", "a signature line is an em dash"),
        (PROOF + "\n", "at least one signature line"),
        (PROOF[:-1], "the last ends in a newline"),
    ],
)
def test_a_text_that_is_no_proof(text, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_tlog_proof(text)


def test_a_path_has_at_most_63_hashes():
    assert len(parse_tlog_proof(format_tlog_proof(TlogProof(0, (ROOT,) * 63, NOTE))).path) == 63
    with pytest.raises(TooLarge, match="a path has at most 63 hashes, this has 64"):
        parse_tlog_proof(format_tlog_proof(TlogProof(0, (ROOT,) * 64, NOTE)))


@given(
    st.integers(0, 2**63 - 2),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(min_size=1),
)
def test_every_proof_reads_back(index, path, extra):
    proof = TlogProof(index, tuple(path), NOTE, extra)
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


@given(st.text(), st.integers(0, len(PROOF)))
def test_no_text_raises_anything_else(junk, at):
    text = PROOF[:at] + junk + PROOF[at:]
    try:
        proof = parse_tlog_proof(text)
    except Refused:
        return
    assert format_tlog_proof(proof) == text
