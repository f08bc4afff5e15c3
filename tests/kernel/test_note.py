import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.encoding import b64_decode, b64_encode
from ledger.kernel.errors import Malformed, TooLarge, Unverified
from ledger.kernel.keys import PublicKey, Signer, generate, load_signer
from ledger.kernel.note import (
    TIMESTAMP_LIMIT,
    Line,
    Note,
    Vkey,
    add_lines,
    cosignature_line,
    cosigned,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
    sign_note,
    signature_line,
    verify_note,
    vkey_of,
)

TEXT = "first line\nsecond line\n"
EXAMPLE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ER"
    "YNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def signer(number):
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return Signer(PublicKey("Ed25519", private.public_key().public_bytes_raw()), private.sign)


LOG, WITNESS = signer(1), signer(2)
LOG_VKEY, WITNESS_VKEY = vkey_of("log.example", LOG.key), vkey_of("witness.example", WITNESS.key, 0x04)
SIGNED = sign_note(TEXT, "log.example", LOG)


@pytest.fixture(scope="module")
def published(vectors):
    return json.loads((vectors / "derived" / "signed_note.json").read_text())


# Published cases


def test_go_signs_the_same_note(published):
    (case,) = published["sign"]
    _, _, name, key_id, secret = case["skey"].split("+", 4)
    private = Ed25519PrivateKey.from_private_bytes(b64_decode(secret)[1:])
    key = PublicKey("Ed25519", private.public_key().public_bytes_raw())
    assert vkey_of(name, key).key_id.hex() == key_id
    assert sign_note(case["text"], name, Signer(key, private.sign)) == case["signed_note"]


def test_published_notes_open_as_published(published):
    assert len(published["open"]) == 7
    for case in published["open"]:
        vkeys = [parse_vkey(text) for text in case["vkeys"]]
        if "error" in case:
            with pytest.raises((Malformed, Unverified)):
                verify_note(case["msg"], vkeys)
            continue
        text, good = verify_note(case["msg"], vkeys)
        assert text == case["msg"].rpartition("\n\n")[0] + "\n"
        assert [one.vkey.name for one in good] == case["verified"]
        names = [line.name for line in parse_note(case["msg"]).lines if line.name not in case["verified"]]
        assert sorted(set(names)) == case["unverified"]


def test_published_malformed_notes_are_refused(published):
    assert len(published["malformed"]) == 7
    for case in published["malformed"]:
        with pytest.raises(Malformed):
            parse_note(case["msg_latin1_safe"].encode("latin-1"))


def test_published_key_ids(published):
    assert len(published["key_id"]) == 3
    for case in published["key_id"]:
        vkey = parse_vkey(case["vkey"])
        assert vkey.key_id.hex() == case["key_id_hex"]
        assert format_vkey(vkey) == case["vkey"]


def test_the_specifications_own_example():
    text, (one,) = verify_note(EXAMPLE_NOTE, [parse_vkey(EXAMPLE_VKEY)])
    assert (text, one.vkey.name, one.timestamp) == ("This is an example message.\n", "example.com/foo", None)


def test_a_signature_under_a_wrong_key_id_is_one_of_an_unknown_key(vectors):
    case = json.loads((vectors / "derived" / "c2sp_issue99.json").read_text())
    vkey = vkey_of(case["origin"], PublicKey("Ed25519", bytes.fromhex(case["public_key_hex"])))
    assert vkey.key_id.hex() == case["key_id_hex"]
    text, (one,) = verify_note(case["valid"], [vkey])
    assert (one.vkey, text) == (vkey, case["valid"].partition("\n\n")[0] + "\n")
    with pytest.raises(Unverified, match="none of the note's 1 signature lines is by a known key"):
        verify_note(case["wrong_key_id"], [vkey])


def test_the_witness_example_is_well_formed(vectors):
    # Published without keys: its syntax is all there is to hold us against.
    case = json.loads((vectors / "derived" / "witness_example.json").read_text())
    note = case["request_body"].partition("\n\n")[2]
    assert format_note(parse_note(note)) == note
    grown = parse_note(add_lines(note, case["response_body"]))
    assert [line.name for line in grown.lines] == ["example.com/behind-the-sofa"] * 2 + [
        "witness.example/w1",
        "witness.example/w1",
        "witness.example/w2",
    ]
    assert [len(line.blob) for line in grown.lines] == [64, 64, 72, 72, 72]


# Verifier keys


def test_a_vkey_is_name_key_id_and_key():
    raw = LOG.key.raw
    key_id = sha256(b"log.example\n\x01" + raw).digest()[:4]
    assert format_vkey(LOG_VKEY) == f"log.example+{key_id.hex()}+{b64_encode(bytes([1]) + raw)}"
    assert parse_vkey(format_vkey(LOG_VKEY)) == LOG_VKEY
    assert parse_vkey(format_vkey(WITNESS_VKEY)) == WITNESS_VKEY
    assert LOG_VKEY.key == LOG.key


def test_the_base64_of_a_vkey_may_contain_a_plus():
    found = next(v for n in range(256) if "+" in format_vkey(v := vkey_of("a", signer(n).key)).split("+", 2)[2])
    assert parse_vkey(format_vkey(found)) == found


def test_a_key_of_a_type_not_understood_is_read_and_never_verifies():
    vkey = Vkey("log.example", 0x06, bytes(1312))
    assert parse_vkey(format_vkey(vkey)) == vkey
    line = Line("log.example", vkey.key_id, bytes(8 + 2420))
    note = format_note(Note(TEXT, (*parse_note(SIGNED).lines, line)))
    assert [one.vkey for one in verify_note(note, [LOG_VKEY, vkey])[1]] == [LOG_VKEY]
    with pytest.raises(Unverified, match="none of the note's 2 signature lines is by a known key"):
        verify_note(note, [vkey])


IDENTITY = (1).to_bytes(32, "little")  # the point of order 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a verifier key is name"),
        ("log.example", "a verifier key is name"),
        ("log.example+530d903a", "a verifier key is name"),
        ("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a verifier key is name"),
        ("a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a verifier key is name"),
        ("a\ud800+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a verifier key is name"),
        (EXAMPLE_VKEY.replace("530d903a", "530d903b"), "has key id 530d903a, not 530d903b"),
        (EXAMPLE_VKEY.replace("530d903a", "530D903A"), "has key id 530d903a, not 530D903A"),
        (EXAMPLE_VKEY.replace("foo", "fop"), "has key id [0-9a-f]{8}, not 530d903a"),
        (EXAMPLE_VKEY[:-1] + "l", "has key id [0-9a-f]{8}, not 530d903a"),
        (EXAMPLE_VKEY + "=", "is not base64"),
        (EXAMPLE_VKEY + "\n", "is not base64"),
        ("example.com/foo+530d903a+", "the key of example.com/foo is empty"),
        (format_vkey(Vkey("a", 1, bytes(31))), "the key of a has 31 bytes, want 32"),
        (format_vkey(Vkey("a", 4, LOG.key.raw + b"\0")), "the key of a has 33 bytes, want 32"),
        (format_vkey(Vkey("a", 6, bytes(32))), "the key of a has 32 bytes, want 1312"),
        (format_vkey(Vkey("a", 1, IDENTITY)), "the key of a is no sound Ed25519 key"),
        (format_vkey(Vkey("a", 4, (2).to_bytes(32, "little"))), "the key of a is no sound Ed25519 key"),
        ("\u00e9", "a verifier key is name"),
    ],
)
def test_a_vkey_that_is_none(text, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_vkey(text)


def test_only_ed25519_signs_notes_and_only_under_a_name_that_fits():
    with pytest.raises(Malformed, match="notes are signed with Ed25519, not ES256"):
        vkey_of("log.example", load_signer(generate("ES256")).key)
    for name in ("", "a b", "a+b", "a\tb", "a\u00a0b", "a\u2028b", "a\x7f\x00"):
        with pytest.raises(Malformed, match="is no key name"):
            vkey_of(name, LOG.key)


# The grammar of notes


def test_the_text_ends_at_the_last_empty_line():
    text = "a\n\n\u2014 b AAAAAAA=\n\n\nc\n\n"
    note = sign_note(text, "log.example", LOG)
    assert parse_note(note).text == text
    assert verify_note(note, [LOG_VKEY])[0] == text
    assert parse_note(sign_note("\n", "log.example", LOG)).text == "\n"


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("", "a note is text, an empty line and signature lines"),
        ("\n", "a note is text, an empty line and signature lines"),
        (TEXT, "a note is text, an empty line and signature lines"),
        (TEXT + "\n", "at least one signature line"),
        (SIGNED[:-1], "the last ends in a newline"),
        (SIGNED + "\n", "at least one signature line"),
        (SIGNED + "more\n", "a signature line is an em dash"),
        (SIGNED.replace("\u2014", "-"), "a signature line is an em dash"),
        (SIGNED.replace("\u2014", "\u2013"), "a signature line is an em dash"),
        (SIGNED.replace("\u2014 ", "\u2014  "), "a signature line is an em dash"),
        (SIGNED.replace("\u2014 ", "\u2014\u00a0"), "a signature line is an em dash"),
        (SIGNED.replace("log.example", "log+example"), "a signature line is an em dash"),
        (SIGNED.replace("log.example", "log\u2003example"), "a signature line is an em dash"),
        (SIGNED.replace("log.example ", ""), "a signature line is an em dash"),
        (SIGNED[:-1] + " \n", "a signature line is an em dash"),
        (SIGNED.replace("=\n", "\n"), "is not base64"),
        (SIGNED.replace("first", "fir\tst"), r"this has U\+0009"),
        (SIGNED.replace("\n", "\r\n"), r"this has U\+000D"),
        (SIGNED.replace("first", "fir\0st"), r"this has U\+0000"),
        (SIGNED.replace("first", "fir\ud800st"), "a note is UTF-8"),
        (SIGNED.encode().replace(b"first", b"fir\xffst"), "a note is UTF-8"),
        (TEXT + "\n\u2014 log.example AAAAAA==\n", "has 4 bytes, want 4 of a key id and more"),
        (TEXT + "\n\u2014 log.example AAAA\n", "has 3 bytes, want 4 of a key id and more"),
    ],
)
def test_a_note_that_is_none(note, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_note(note)


def test_other_line_ends_of_unicode_are_text():
    text = "a\x85b\u2028c\x7f\n"
    assert verify_note(sign_note(text, "log.example", LOG), [LOG_VKEY])[0] == text


def test_at_most_64_signature_lines():
    line = SIGNED.rpartition("\n\n")[2]
    assert len(parse_note(TEXT + "\n" + line * 64).lines) == 64
    with pytest.raises(TooLarge, match="at most 64 signature lines, this has 65"):
        parse_note(TEXT + "\n" + line * 65)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_else(data):
    for note in (data, b"text\n\n\xe2\x80\x94 " + data, data.decode("utf-8", "surrogateescape")):
        try:
            again = format_note(parse_note(note))
        except Malformed:
            continue
        assert again == (note if isinstance(note, str) else note.decode())


# Verification


def test_a_known_line_that_fails_rejects_the_whole_note():
    good = SIGNED + cosignature_line(TEXT, "witness.example", WITNESS, 1700000000)
    assert len(verify_note(good, [LOG_VKEY, WITNESS_VKEY])[1]) == 2
    bad = SIGNED + cosignature_line(TEXT + "more\n", "witness.example", WITNESS, 1700000000)
    assert len(verify_note(bad, [LOG_VKEY])[1]) == 1
    key_id = WITNESS_VKEY.key_id.hex()
    with pytest.raises(Unverified, match=rf"the signature line of witness.example \({key_id}\) does not verify"):
        verify_note(bad, [LOG_VKEY, WITNESS_VKEY])
    with pytest.raises(Unverified, match="does not verify"):
        verify_note(SIGNED + signature_line("other\n", "log.example", LOG), [LOG_VKEY])


def test_name_and_key_id_together_make_a_key_known():
    line = parse_note(SIGNED).lines[0]
    for other in (Line("log2.example", line.key_id, line.blob), Line(line.name, bytes(4), line.blob)):
        note = format_note(Note(TEXT, (other,)))
        with pytest.raises(Unverified, match="none of the note's 1 signature lines is by a known key"):
            verify_note(note, [LOG_VKEY])
        assert len(verify_note(format_note(Note(TEXT, (other, line))), [LOG_VKEY])[1]) == 1


def test_exact_repetitions_count_once():
    line = SIGNED.rpartition("\n\n")[2]
    assert len(verify_note(SIGNED + line + line, [LOG_VKEY])[1]) == 1


def test_a_key_listed_twice_is_a_mistake():
    with pytest.raises(Malformed, match="a verifier key is listed twice"):
        verify_note(SIGNED, [LOG_VKEY, LOG_VKEY])


def test_without_keys_nothing_is_verified():
    with pytest.raises(Unverified, match="none of the note's 1 signature lines is by a known key"):
        verify_note(SIGNED, [])


@given(st.integers(0, 511))
def test_no_bit_of_a_signature_may_change(bit):
    line = parse_note(SIGNED).lines[0]
    blob = (int.from_bytes(line.blob, "big") ^ 1 << bit).to_bytes(64, "big")
    with pytest.raises(Unverified, match="does not verify"):
        verify_note(format_note(Note(TEXT, (Line(line.name, line.key_id, blob),))), [LOG_VKEY])


@pytest.mark.parametrize("size", [1, 8, 63, 65, 71, 73])
def test_signatures_of_another_length(size):
    for vkey in (LOG_VKEY, WITNESS_VKEY):
        note = format_note(Note(TEXT, (Line(vkey.name, vkey.key_id, bytes(size)),)))
        with pytest.raises(Unverified, match="does not verify"):
            verify_note(note, [vkey])


# Cosignatures


def test_a_cosignature_covers_its_time_and_the_text():
    assert cosigned(TEXT, 1679315147) == b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    line = cosignature_line(TEXT, "witness.example", WITNESS, 1679315147)
    name, blob = line.removeprefix("\u2014 ").removesuffix("\n").split(" ")
    data = b64_decode(blob)
    assert (name, data[:4]) == ("witness.example", sha256(b"witness.example\n\x04" + WITNESS.key.raw).digest()[:4])
    assert data[4:12] == (1679315147).to_bytes(8, "big")
    assert data[12:] == WITNESS.sign(cosigned(TEXT, 1679315147))
    _, (_, one) = verify_note(SIGNED + line, [LOG_VKEY, WITNESS_VKEY])
    assert (one.vkey, one.timestamp) == (WITNESS_VKEY, 1679315147)


def test_a_cosignature_with_another_time_does_not_verify():
    line = parse_note(SIGNED + cosignature_line(TEXT, "witness.example", WITNESS, 1000)).lines[1]
    later = Line(line.name, line.key_id, (1001).to_bytes(8, "big") + line.blob[8:])
    with pytest.raises(Unverified, match="does not verify"):
        verify_note(format_note(Note(TEXT, (later,))), [WITNESS_VKEY])


def test_the_time_of_a_cosignature_has_63_bits():
    last = cosignature_line(TEXT, "witness.example", WITNESS, TIMESTAMP_LIMIT)
    assert verify_note(TEXT + "\n" + last, [WITNESS_VKEY])[1][0].timestamp == 2**63 - 1
    blob = (2**63).to_bytes(8, "big") + WITNESS.sign(cosigned(TEXT, 2**63))
    with pytest.raises(Unverified, match="does not verify"):
        verify_note(format_note(Note(TEXT, (Line("witness.example", WITNESS_VKEY.key_id, blob),))), [WITNESS_VKEY])
    for outside in (-1, 2**63):
        with pytest.raises(ValueError, match=f"a cosignature's time is 0 to 9223372036854775807, not {outside}"):
            cosignature_line(TEXT, "witness.example", WITNESS, outside)
    first = cosignature_line(TEXT, "witness.example", WITNESS, 0)
    assert verify_note(TEXT + "\n" + first, [WITNESS_VKEY])[1][0].timestamp == 0


def test_a_signature_is_no_cosignature_and_back():
    both = [vkey_of("w", WITNESS.key), vkey_of("w", WITNESS.key, 0x04)]
    plain = Line("w", both[1].key_id, bytes(8) + WITNESS.sign(TEXT.encode()))
    timed = Line("w", both[0].key_id, WITNESS.sign(cosigned(TEXT, 0)))
    for line in (plain, timed):
        with pytest.raises(Unverified, match="does not verify"):
            verify_note(format_note(Note(TEXT, (line,))), both)


# Signing


def test_what_cannot_be_a_note_is_not_signed():
    for text in ("", "no newline", "tab\t\n", "\ud800\n"):
        with pytest.raises(Malformed):
            sign_note(text, "log.example", LOG)
    with pytest.raises(Malformed, match="'log example' is no key name"):
        sign_note(TEXT, "log example", LOG)


def test_lines_are_added_once_and_only_lines():
    line = cosignature_line(TEXT, "witness.example", WITNESS, 1000)
    grown = add_lines(SIGNED, line)
    assert grown == SIGNED + line
    assert add_lines(grown, line) == grown
    for lines in ("junk\n", line[:-1], "\n" + line, line + "\n" + line):
        with pytest.raises(Malformed):
            add_lines(SIGNED, lines)
