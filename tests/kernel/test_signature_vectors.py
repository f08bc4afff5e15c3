"""The signature policy, met on every published vector.

Ed25519: verification without the cofactor (RFC 8032 5.1.7, second form), and before it: A and R canonical, neither of
low order, S < L. ES256: 64 raw bytes, 1 ≤ r,s < n, high s allowed. The expected verdict of each vector follows from
this and from what the vector says of itself, never from what our code answers.
"""

import json
from collections import Counter

import pytest

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Malformed
from ledger.kernel.keys import PublicKey, generate, jwk, load_signer, parse_jwk, verify_signature
from ledger.kernel.signatures import ED25519_L, ED25519_P, P256_N, es256_numbers, is_sound_ed25519, is_sound_point

# github.com/C2SP/CCTV ed25519: the eight points of low order and their six other encodings.
LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
# What the policy refuses of the edge cases that CCTV flags. `low_order_component_*` is not among them: such a point
# cannot be told by its encoding. `reencoded_k` always comes with a non-canonical point.
REFUSED_FLAGS = {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}


def read(path):
    return json.loads(path.read_text("utf-8"))


def test_wycheproof_ed25519(vectors):
    suite = read(vectors / "wycheproof" / "ed25519_test.json")
    verdicts, wrong = Counter(), []
    for group in suite["testGroups"]:
        key = PublicKey("Ed25519", bytes.fromhex(group["publicKey"]["pk"]))
        for test in group["tests"]:
            answer = verify_signature(key, "Ed25519", bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
            verdicts[answer] += 1
            if answer != (test["result"] == "valid"):
                wrong.append((test["tcId"], test["flags"], test["comment"]))
    assert wrong == []
    assert verdicts == {True: 88, False: 63}
    assert verdicts.total() == suite["numberOfTests"]


def test_wycheproof_es256(vectors):
    suite = read(vectors / "wycheproof" / "ecdsa_secp256r1_sha256_p1363_test.json")
    verdicts, wrong = Counter(), []
    for group in suite["testGroups"]:
        key = PublicKey("ES256", bytes.fromhex(group["publicKey"]["uncompressed"])[1:])
        for test in group["tests"]:
            answer = verify_signature(key, "ES256", bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
            verdicts[answer] += 1
            if answer != (test["result"] == "valid"):
                wrong.append((test["tcId"], test["flags"], test["comment"]))
    assert wrong == []
    assert verdicts == {True: 173, False: 89}
    assert verdicts.total() == suite["numberOfTests"]


def test_wycheproof_keys_can_be_enrolled_and_are_named_as_published(vectors):
    groups = Counter()
    for alg, name in (("Ed25519", "ed25519_test.json"), ("ES256", "ecdsa_secp256r1_sha256_p1363_test.json")):
        for group in read(vectors / "wycheproof" / name)["testGroups"]:
            public = group["publicKey"]
            raw = bytes.fromhex(public["pk"] if alg == "Ed25519" else public["uncompressed"][2:])
            published = group.get("publicKeyJwk", jwk(PublicKey(alg, raw)) | {"kid": "none"})
            assert parse_jwk({member: published[member] for member in published if member != "kid"}) == PublicKey(
                alg, raw
            )
            groups[alg, "publicKeyJwk" in group] += 1
    assert groups == {("Ed25519", True): 78, ("ES256", True): 103, ("ES256", False): 9}


def test_cctv_ed25519(vectors):
    suite = read(vectors / "cctv-ed25519" / "ed25519vectors.json")
    verdicts, wrong = Counter(), []
    for test in suite:
        flags = set(test["flags"] or ())
        key = PublicKey("Ed25519", bytes.fromhex(test["key"]))
        answer = verify_signature(key, "Ed25519", test["msg"].encode(), bytes.fromhex(test["sig"]))
        verdicts[answer] += 1
        if answer != flags.isdisjoint(REFUSED_FLAGS):
            wrong.append((test["number"], flags))
    assert wrong == []
    assert verdicts == {True: 43, False: 871}


def test_cctv_points_are_sound_exactly_where_no_flag_says_otherwise(vectors):
    for test in read(vectors / "cctv-ed25519" / "ed25519vectors.json"):
        flags = set(test["flags"] or ())
        points = {"A": bytes.fromhex(test["key"]), "R": bytes.fromhex(test["sig"])[:32]}
        for which, point in points.items():
            assert is_sound_point(point) == flags.isdisjoint({f"low_order_{which}", f"non_canonical_{which}"}), test


@pytest.mark.parametrize("encoded", LOW_ORDER)
def test_no_low_order_point_is_a_key_or_begins_a_signature(encoded):
    point = bytes.fromhex(encoded)
    with pytest.raises(Malformed, match="the Ed25519 key is of low order or not in its canonical encoding"):
        parse_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(point)})
    # With A of low order and S = 0, R = A or a neighbour verifies in many a library for some message.
    assert not any(
        verify_signature(PublicKey("Ed25519", point), "Ed25519", bytes([n]), bytes.fromhex(r) + bytes(32))
        for n in range(16)
        for r in LOW_ORDER
    )


@pytest.mark.parametrize("y", range(ED25519_P, 2**255))
@pytest.mark.parametrize("sign", [0, 1])
def test_no_non_canonical_y_is_sound(y, sign):
    assert not is_sound_point((y | sign << 255).to_bytes(32, "little"))


def test_a_second_signature_cannot_be_made_from_the_first_with_ed25519():
    signer = load_signer(generate("Ed25519"))
    signature = signer.sign(b"coil")
    s = int.from_bytes(signature[32:], "little")
    again = signature[:32] + (s + ED25519_L).to_bytes(32, "little")
    assert verify_signature(signer.key, "Ed25519", b"coil", signature)
    assert not verify_signature(signer.key, "Ed25519", b"coil", again)


def test_either_s_is_taken_with_es256_and_nothing_out_of_range():
    signer = load_signer(generate("ES256"))
    signature = signer.sign(b"coil")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")

    def verifies(r, s):
        return verify_signature(signer.key, "ES256", b"coil", r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    assert verifies(r, s)
    assert verifies(r, P256_N - s)
    assert not any(verifies(*pair) for pair in [(0, s), (r, 0), (P256_N, s), (r, P256_N), (0, 0), (r, 2**256 - 1)])


def test_ranges_are_our_own_check_and_not_left_to_a_library():
    r = load_signer(generate("Ed25519")).sign(b"")[:32]
    sound = {s for s in (0, ED25519_L - 1, ED25519_L, 2**255) if is_sound_ed25519(r + s.to_bytes(32, "little"))}
    assert sound == {0, ED25519_L - 1}
    assert not is_sound_ed25519(bytes(64))
    assert not is_sound_ed25519(r + bytes(33))
    edges = (0, 1, P256_N - 1, P256_N, 2**256 - 1)
    pairs = {(a, b): es256_numbers(a.to_bytes(32, "big") + b.to_bytes(32, "big")) for a in edges for b in edges}
    within = (1, P256_N - 1)
    assert pairs == {(a, b): (a, b) if a in within and b in within else None for a in edges for b in edges}
    assert es256_numbers(bytes([1]) * 65) is None
    assert es256_numbers(bytes([1]) * 63) is None
