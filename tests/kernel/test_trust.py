import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.checkpoint import Checkpoint, format_checkpoint, open_checkpoint, sign_checkpoint
from ledger.kernel.errors import Malformed
from ledger.kernel.hashing import EMPTY_ROOT
from ledger.kernel.keys import PublicKey, Signer
from ledger.kernel.note import Vkey, cosignature_line, format_vkey, vkey_of
from ledger.kernel.trust import Group, LogKey, Trust, Witness, format_trust, parse_trust, quorum_met


def signer(number):
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return Signer(PublicKey("Ed25519", private.public_key().public_bytes_raw()), private.sign)


LOG = vkey_of("ledger.example/park", signer(100).key)
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
KEYS = {name: vkey_of(f"{name.lower()}.example", signer(n).key, 0x04) for n, name in enumerate(NAMES)}
L = format_vkey(LOG)
W = {name: format_vkey(vkey) for name, vkey in KEYS.items()}
PARTY = "(417)9521141000007"
OTHER_PARTY = "(417)9521141000014"
KID, OTHER_KID = signer(50).key.kid, signer(51).key.kid

# The example of tlog-policy, with keys.
EXAMPLE = f"""log {L}

witness X1 {W["X1"]}
witness X2 {W["X2"]}
witness X3 {W["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {W["Y1"]}
witness Y2 {W["Y2"]}
witness Y3 {W["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def met(trust, *names):
    return quorum_met(trust, [KEYS[name] for name in names])


def test_the_example_of_the_specification():
    trust = parse_trust(EXAMPLE)
    assert trust.logs == (LogKey(LOG),)
    assert trust.witnesses == tuple(Witness(name, KEYS[name]) for name in NAMES)
    assert trust.groups == (
        Group("X-witnesses", 2, ("X1", "X2", "X3")),
        Group("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert (trust.quorum, dict(trust.pins)) == ("X-and-Y", {})
    assert trust.vkeys == (LOG, *KEYS.values())


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ((), False),
        (("X1", "X2"), False),
        (("X1", "Y1"), False),
        (("Y1", "Y2", "Y3"), False),
        (("X1", "X2", "X3"), False),
        (("X1", "X3", "Y2"), True),
        (("X1", "X1", "Y2"), False),
        (tuple(NAMES), True),
    ],
)
def test_two_of_x_and_any_of_y(names, enough):
    assert met(parse_trust(EXAMPLE), *names) is enough


def test_a_quorum_of_one_witness_or_of_none():
    one = parse_trust(f"witness X1 {W['X1']}\nwitness X2 {W['X2']}\nquorum X1\n")
    assert not met(one)
    assert not met(one, "X2")
    assert met(one, "X2", "X1")
    assert met(parse_trust("quorum none\n"))


def test_a_cosigner_counts_by_its_key_and_not_by_its_name():
    trust = parse_trust(f"witness X1 {W['X1']}\nquorum X1\n")
    impostor = vkey_of("x1.example", signer(60).key, 0x04)
    assert not quorum_met(trust, [impostor])
    assert not quorum_met(trust, [Vkey("X1", 0x04, KEYS["X2"].raw)])


@given(st.sets(st.sampled_from(NAMES)), st.integers(1, 3))
def test_k_of_n(names, k):
    text = EXAMPLE.replace("2 X1", f"{k} X1").replace("quorum X-and-Y", "quorum X-witnesses")
    assert met(parse_trust(text), *names) is (len(names & {"X1", "X2", "X3"}) >= k)


def test_a_checkpoint_is_opened_with_it():
    trust = parse_trust(EXAMPLE)
    checkpoint = Checkpoint(LOG.name, 0, EMPTY_ROOT)
    note = sign_checkpoint(checkpoint, LOG.name, signer(100))
    text = format_checkpoint(checkpoint)
    for n, name in ((0, "X1"), (2, "X3"), (4, "Y2")):
        note += cosignature_line(text, KEYS[name].name, signer(n), 1700000000 + n)
    opened, cosignatures = open_checkpoint(note, trust.vkeys)
    assert opened == checkpoint
    assert [(one.vkey, one.timestamp) for one in cosignatures] == [
        (KEYS["X1"], 1700000000),
        (KEYS["X3"], 1700000002),
        (KEYS["Y2"], 1700000004),
    ]
    assert quorum_met(trust, [one.vkey for one in cosignatures])
    assert not quorum_met(trust, [one.vkey for one in cosignatures[1:]])


def test_white_space_and_comments():
    text = f"# a comment, \u00e4\n\n \t \n\t# another\n  log\t \t{L}   https://log.example \t\n quorum none \n"
    trust = parse_trust(text)
    assert trust.logs == (LogKey(LOG, "https://log.example"),)
    assert format_trust(trust) == f"log {L} https://log.example\nquorum none\n"


def test_names_are_opaque_bytes():
    kelvin = parse_trust(f"witness \u212a {W['X1']}\nwitness K {W['X2']}\nquorum \u212a\n")
    assert kelvin.quorum == "\u212a"
    # A no-break space is part of a name, not white space.
    assert parse_trust(f"witness a\u00a0b {W['X1']}\nquorum a\u00a0b\n").quorum == "a\u00a0b"
    trust = parse_trust(
        b"witness \xff " + W["X1"].encode() + b"\nwitness \xfe " + W["X2"].encode() + b"\nquorum \xff\n"
    )
    assert trust.quorum == "\udcff"
    assert format_trust(trust).encode("utf-8", "surrogateescape").endswith(b"\nquorum \xff\n")
    with pytest.raises(Malformed, match="line 1") as caught:
        parse_trust(b"quorum \xff\n")
    assert caught.value.sentence.isascii()


def test_pins_of_parties():
    trust = parse_trust(f"party {PARTY} {KID}\nquorum none\nparty {PARTY} {OTHER_KID}\n")
    assert dict(trust.pins) == {PARTY: frozenset({KID, OTHER_KID})}
    assert parse_trust(format_trust(trust)) == trust


def test_the_canonical_spelling():
    text = EXAMPLE.replace("quorum", f"# pins\nparty {PARTY} {KID}\nquorum").replace("any Y1", "1 Y1")
    lines = format_trust(parse_trust(text)).split("\n")
    assert [line.split(" ")[0] for line in lines] == [
        *["log"],
        *["witness"] * 6,
        *["group"] * 3,
        "quorum",
        "party",
        "",
    ]
    assert lines[7:10] == [
        "group X-witnesses 2 X1 X2 X3",
        "group Y-witnesses any Y1 Y2 Y3",
        "group X-and-Y all X-witnesses Y-witnesses",
    ]


@given(st.permutations(NAMES), st.integers(1, 6), st.integers(1, 6), st.booleans(), st.booleans())
def test_every_trust_file_reads_back(names, size, k, with_log, pinned):
    members = tuple(names[:size])
    trust = Trust(
        logs=(LogKey(LOG, "https://log.example"),) if with_log else (),
        witnesses=tuple(Witness(name, KEYS[name], f"https://{name}.example" if pinned else None) for name in names),
        groups=(Group("g", min(k, size), members),),
        quorum="g" if pinned else None,
        pins={PARTY: frozenset({KID}), OTHER_PARTY: frozenset({OTHER_KID})} if pinned else {},
    )
    text = format_trust(trust)
    assert parse_trust(text) == trust
    assert format_trust(parse_trust(text)) == text


LOGS = f"log {L}\n"
X1, X2 = f"witness X1 {W['X1']}\n", f"witness X2 {W['X2']}\n"
END = "quorum none\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the last line of the trust file has no newline"),
        (LOGS + X1 + "quorum X1", "the last line of the trust file has no newline: the file may be cut off"),
        (LOGS, "the trust file has no quorum line"),
        (END + END, "line 2 of the trust file: there is a quorum line already"),
        ("quorum X1\n" + X1, "line 1 of the trust file: 'X1' is no witness or group defined on a line above"),
        ("quorum\n", "line 1 of the trust file: quorum is followed by 0 words, want 1$"),
        ("quorum none # no comment here\n", "quorum is followed by 5 words"),
        ("Quorum none\n", "line 1 of the trust file: a line begins with log, witness, group, quorum, party or #"),
        ("quorum\u00a0none\n", "a line begins with log"),
        (END.replace("\n", "\r\n"), r"not U\+000D"),
        (END.replace(" ", "\v"), r"not U\+000B"),
        ("# \x7f\n" + END, r"not U\+007F"),
        ("# \0\n" + END, r"not U\+0000"),
        (END + "log\n", "log is followed by 0 words, want 1 to 2"),
        (END + f"log {L} url more\n", "log is followed by 3 words, want 1 to 2"),
        (END + f"log {L[:-1]}\n", "line 2 of the trust file: the key of ledger.example/park"),
        (END + f"log {W['X1']}\n", "the key of x1.example has type 0x04, want one of 0x01 and 0x06"),
        (END + f"witness X1 {L}\n", "the key of ledger.example/park has type 0x01, want one of 0x04 and 0x06"),
        (END + LOGS + LOGS, "the public key of ledger.example/park is listed already"),
        (END + X1 + X1.replace("X1", "X2", 1), "the public key of x1.example is listed already"),
        (END + X1 + f"witness X2 {format_vkey(vkey_of('b', KEYS['X1'].key, 4))}\n", "the public key of b is listed"),
        (END + LOGS + f"witness X1 {format_vkey(vkey_of('b', LOG.key, 4))}\n", "the public key of b is listed already"),
        (END + X1 + X2.replace("X2", "X1", 1), "line 3 of the trust file: the name 'X1' is taken"),
        (END + X1.replace("X1", "none", 1), "the name 'none' is taken"),
        (END + X1 + "group none any X1\n", "the name 'none' is taken"),
        (END + X1 + "group X1 any X1\n", "the name 'X1' is taken"),
        (END + X1 + "group g any\n", "group is followed by 2 words, want 3 or more"),
        (END + X1 + "group g any none\n", "'none' is no witness or group defined on a line above"),
        (END + X1 + "group g any g\n", "'g' is no witness or group defined on a line above"),
        (END + X1 + "group g any X1 X1\n", "'X1' is a member of a group already, and may count once only"),
        (END + X1 + "group g any X1\ngroup h any X1\n", "'X1' is a member of a group already"),
        (END + X1 + "group g 0 X1\n", "0 of 1 members cannot be asked for"),
        (END + X1 + "group g 2 X1\n", "2 of 1 members cannot be asked for"),
        (END + X1 + "group g 01 X1\n", "the number of members that is enough is not a decimal"),
        (END + X1 + "group g ALL X1\n", "the number of members that is enough is not a decimal"),
        (END + X1 + "group g -1 X1\n", "the number of members that is enough is not a decimal"),
        (END + f"party {PARTY}\n", "party is followed by 1 words, want 2$"),
        (END + f"party {PARTY} {KID}=\n", "the key thumbprint is not base64url"),
        (END + f"party {PARTY} {'A' * 40}\n", "a key thumbprint has 43 characters"),
        (END + f"party {PARTY[:-1]}8 {KID}\n", r"'\(417\)9521141000008' is no canonical id of a party"),
        (END + f"party https://id.gs1.org/417/9521141000007 {KID}\n", "is no canonical id of a party"),
        (END + f"party {PARTY} {KID}\n" * 2, "is pinned already"),
        (END + f"party {PARTY} {KID}\nparty {OTHER_PARTY} {KID}\n", f"the key {KID} is pinned already"),
        (
            END + LOGS + f"party {PARTY} {LOG.key.kid}\n",
            "the key of ledger.example/park is pinned as a party's key too",
        ),
        (END + f"party {PARTY} {KEYS['X1'].key.kid}\n" + X1, "the key of x1.example is pinned as a party's key too"),
    ],
)
def test_a_text_that_is_no_trust_file(text, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_trust(text)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(junk):
    for data in (junk, junk + b"\nquorum none\n", b"witness " + junk + b"\n", b"party " + junk + b"\n"):
        try:
            trust = parse_trust(data)
        except Malformed:
            continue
        assert trust.quorum is None


def test_it_holds_32_of_each():
    keys = [vkey_of(f"w{n}.example", signer(n).key, 0x04) for n in range(100)]
    lines = [f"witness w{n} {format_vkey(vkey)}" for n, vkey in enumerate(keys)]
    lines += [f"group g{n} any w{3 * n} w{3 * n + 1}" for n in range(33)]
    lines += [f"group all {'all'} {' '.join(f'g{n}' for n in range(33))}", "quorum all"]
    lines += [f"log {format_vkey(vkey_of(f'l{n}.example', signer(100 + n).key))}" for n in range(40)]
    trust = parse_trust("\n".join(lines) + "\n")
    assert (len(trust.logs), len(trust.witnesses), len(trust.groups)) == (40, 100, 34)
    assert quorum_met(trust, keys[::3])
    assert not quorum_met(trust, keys[3::3])
