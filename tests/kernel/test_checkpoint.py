import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.checkpoint import (
    Checkpoint,
    Cosignature,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.kernel.encoding import b64_encode
from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.hashing import EMPTY_ROOT, leaf_hash
from ledger.kernel.keys import PublicKey, Signer
from ledger.kernel.note import cosignature_line, sign_note, signature_line, vkey_of

ROOT = leaf_hash(b"root")
ORIGIN = "ledger.example/park"


def signer(number):
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return Signer(PublicKey("Ed25519", private.public_key().public_bytes_raw()), private.sign)


LOG, NEXT_LOG, WITNESS, OTHER = (signer(number) for number in range(1, 5))
CHECKPOINT = Checkpoint(ORIGIN, 42, ROOT)
TEXT = format_checkpoint(CHECKPOINT)
LOG_VKEY, WITNESS_VKEY = vkey_of(ORIGIN, LOG.key), vkey_of("witness.example", WITNESS.key, 0x04)
SIGNED = sign_checkpoint(CHECKPOINT, ORIGIN, LOG)
COSIGNED = SIGNED + cosignature_line(TEXT, "witness.example", WITNESS, 1700000000)


def test_a_checkpoint_is_three_lines():
    assert TEXT.split("\n")[:2] == [ORIGIN, "42"]
    assert TEXT.count("\n") == 3
    assert parse_checkpoint(TEXT) == CHECKPOINT


def test_the_published_checkpoint(vectors):
    case = json.loads((vectors / "derived" / "c2sp_issue99.json").read_text())
    vkey = vkey_of(case["origin"], PublicKey("Ed25519", bytes.fromhex(case["public_key_hex"])))
    checkpoint, cosignatures = open_checkpoint(case["valid"], [vkey])
    assert (checkpoint.origin, checkpoint.size, cosignatures) == (case["origin"], 10, ())
    assert case["valid"].startswith(format_checkpoint(checkpoint) + "\n")
    with pytest.raises(Unverified, match="none of the note's 1 signature lines is by a known key"):
        open_checkpoint(case["wrong_key_id"], [vkey])


def test_the_published_witness_example(vectors):
    request = json.loads((vectors / "derived" / "witness_example.json").read_text())["request_body"]
    text = request.split("\n\n")[1] + "\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert format_checkpoint(checkpoint) == text


def test_extension_lines_are_read_over_and_never_written():
    assert parse_checkpoint(TEXT + "extension one\nextension two\n") == CHECKPOINT
    # They are covered by the signature all the same.
    note = sign_note(TEXT + "extension\n", ORIGIN, LOG)
    assert open_checkpoint(note, [LOG_VKEY])[0] == CHECKPOINT
    with pytest.raises(Unverified, match="does not verify"):
        open_checkpoint(note.replace("extension", "retension"), [LOG_VKEY])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at least three lines"),
        ("\n", "at least three lines"),
        (TEXT[:-1], "at least three lines"),
        (TEXT + "\n", "none is empty"),
        (TEXT + "\nextension\n", "none is empty"),
        (f"{ORIGIN}\n42\n", "at least three lines"),
        (TEXT.replace(ORIGIN, ""), "none is empty"),
        (TEXT.replace(ORIGIN, "a\tb"), "one line of text"),
        (TEXT.replace(ORIGIN, "a\ud800"), "one line of text"),
        (TEXT.replace("\n42\n", "\n042\n"), "the size of a checkpoint is not a decimal"),
        (TEXT.replace("\n42\n", "\n+42\n"), "the size of a checkpoint is not a decimal"),
        (TEXT.replace("\n42\n", "\n-1\n"), "the size of a checkpoint is not a decimal"),
        (TEXT.replace("\n42\n", "\n42 \n"), "the size of a checkpoint is not a decimal"),
        (TEXT.replace("\n42\n", "\n\u0664\u0662\n"), "the size of a checkpoint is not a decimal"),
        (TEXT.replace("\n42\n", "\n9223372036854775808\n"), "the most is 9223372036854775807"),
        (TEXT.replace("\n42\n", "\n" + "9" * 5000 + "\n"), "the size of a checkpoint is not a decimal"),
        (TEXT.replace("=\n", "\n"), "the root of a checkpoint is not base64"),
        (f"{ORIGIN}\n42\nAAAA\n", "the root of a checkpoint has 3 bytes, want 32"),
        (TEXT.replace("\n42\n", "\n0\n"), "a checkpoint of size 0 has the root of the empty tree"),
    ],
)
def test_a_text_that_is_no_checkpoint(text, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_checkpoint(text)


def test_the_empty_tree_has_a_checkpoint():
    text = "ledger.example/park\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert parse_checkpoint(text) == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


@pytest.mark.parametrize(
    ("origin", "size", "root", "sentence"),
    [
        ("", 1, ROOT, "one line of text that is not empty"),
        ("a\nb", 1, ROOT, "one line of text that is not empty"),
        (ORIGIN, -1, ROOT, "the size of a checkpoint is 0 to 9223372036854775807, not -1"),
        (ORIGIN, 2**63, ROOT, "the size of a checkpoint is 0 to 9223372036854775807, not 9223372036854775808"),
        (ORIGIN, 1, ROOT[1:], "the root of a checkpoint has 32 bytes, not 31"),
        (ORIGIN, 0, ROOT, "a checkpoint of size 0 has the root of the empty tree"),
    ],
)
def test_what_no_checkpoint_can_say_cannot_be_made(origin, size, root, sentence):
    with pytest.raises(Malformed, match=sentence):
        Checkpoint(origin, size, root)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.integers(1, 2**63 - 1))
def test_every_checkpoint_reads_back(origin, size):
    checkpoint = Checkpoint(origin, size, ROOT)
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


def test_a_log_key_opens_it_and_witnesses_are_told():
    assert open_checkpoint(SIGNED, [LOG_VKEY, WITNESS_VKEY]) == (CHECKPOINT, ())
    opened = open_checkpoint(COSIGNED, [LOG_VKEY, WITNESS_VKEY])
    assert opened == (CHECKPOINT, (Cosignature(WITNESS_VKEY, 1700000000),))
    assert open_checkpoint(COSIGNED, [LOG_VKEY]) == (CHECKPOINT, ())


def test_witnesses_alone_do_not_make_a_checkpoint():
    with pytest.raises(Unverified, match="no log key that is trusted did"):
        open_checkpoint(COSIGNED, [WITNESS_VKEY])


def test_a_log_signs_under_its_own_origin_only():
    stranger = vkey_of("ledger.example/other", OTHER.key)
    note = sign_checkpoint(CHECKPOINT, stranger.name, OTHER)
    with pytest.raises(
        Unverified, match=f"the checkpoint is of {ORIGIN}, but was signed by the log key {stranger.name}"
    ):
        open_checkpoint(note, [LOG_VKEY, stranger])
    # With the log's own line beside it, the stranger's adds nothing and takes nothing away.
    both = SIGNED + signature_line(TEXT, stranger.name, OTHER)
    assert open_checkpoint(both, [LOG_VKEY, stranger]) == (CHECKPOINT, ())


def test_a_rotated_log_key_opens_what_either_signed():
    after = vkey_of(ORIGIN, NEXT_LOG.key)
    both = SIGNED + signature_line(TEXT, ORIGIN, NEXT_LOG)
    for vkeys in ([LOG_VKEY], [after], [LOG_VKEY, after]):
        assert open_checkpoint(both, vkeys)[0] == CHECKPOINT


@pytest.mark.parametrize(
    "change", [("park", "perk"), ("\n42\n", "\n43\n"), (b64_encode(ROOT), b64_encode(leaf_hash(b"")))]
)
def test_nothing_of_it_may_change(change):
    changed = COSIGNED.replace(*change, 1)
    assert changed != COSIGNED
    with pytest.raises(Unverified, match="does not verify"):
        open_checkpoint(changed, [LOG_VKEY, WITNESS_VKEY])


def test_a_signed_text_that_is_no_checkpoint_is_refused():
    with pytest.raises(Malformed, match="at least three lines"):
        open_checkpoint(sign_note("hello\n", ORIGIN, LOG), [LOG_VKEY])
