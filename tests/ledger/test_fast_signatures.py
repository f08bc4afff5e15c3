"""Whoever checks signatures by libsodium takes exactly what the kernel takes, which the offline verifier asks alone."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError

from ledger.checking import signatures
from ledger.checking.signatures import COFACTORED, is_plainly_good, verify_fast
from ledger.kernel.keys import PublicKey, generate, load_signer, verify_signature
from ledger.kernel.signatures import ED25519_L, ED25519_P, is_sound_ed25519, is_sound_point
from tests.slow_ed25519 import LOW_ORDER, encode, holds, sign

SECRET, NONCE = 0x1F00D << 230, 0x5EED << 236
POINTS = [encode(point) for point in LOW_ORDER] + [n.to_bytes(32, "little") for n in (ED25519_P, ED25519_P + 1)]


def verdict(key, message, signature, alg="Ed25519"):
    """What the kernel says; nobody else may take more, and both together nothing else."""
    key = PublicKey(alg, key)
    slow = verify_signature(key, alg, message, signature)
    assert slow or not is_plainly_good(key, alg, message, signature)
    assert verify_fast(key, alg, message, signature) == slow
    return slow


def test_wycheproof(vectors):
    verdicts = Counter()
    for alg, name in (("Ed25519", "ed25519_test.json"), ("ES256", "ecdsa_secp256r1_sha256_p1363_test.json")):
        for group in json.loads((vectors / "wycheproof" / name).read_text("utf-8"))["testGroups"]:
            public = group["publicKey"]
            key = bytes.fromhex(public["pk"] if alg == "Ed25519" else public["uncompressed"][2:])
            for test in group["tests"]:
                good = verdict(key, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]), alg)
                assert good == (test["result"] == "valid")
                verdicts[alg, good] += 1
    assert verdicts == {("Ed25519", True): 88, ("Ed25519", False): 63, ("ES256", True): 173, ("ES256", False): 89}


def test_cctv(vectors):
    tests = json.loads((vectors / "cctv-ed25519" / "ed25519vectors.json").read_text("utf-8"))
    verdicts = Counter(
        verdict(bytes.fromhex(one["key"]), one["msg"].encode(), bytes.fromhex(one["sig"])) for one in tests
    )
    assert verdicts == {True: 43, False: 871}


def test_a_good_signature_needs_no_second_opinion(monkeypatch):
    signer = load_signer(generate())
    monkeypatch.setattr(signatures, "verify_signature", None)
    assert verify_fast(signer.key, "Ed25519", b"coil", signer.sign(b"coil"))
    assert verify_fast(signer.key, "EdDSA", b"coil", signer.sign(b"coil"))


@given(
    low_a=st.integers(0, 7), low_r=st.integers(0, 7), nonce=st.integers(1, ED25519_L - 1), message=st.binary(max_size=9)
)
def test_points_with_a_part_of_low_order_are_taken_where_the_equation_holds_without_the_cofactor(
    low_a, low_r, nonce, message
):
    key, signature = sign(SECRET, nonce, message, low_a=LOW_ORDER[low_a], low_r=LOW_ORDER[low_r])
    assert holds(key, message, signature, cofactor=8)
    assert verdict(key, message, signature) == holds(key, message, signature, cofactor=1)


@given(data=st.data(), message=st.binary(max_size=200))
def test_what_was_changed_after_signing_is_refused_by_both(data, message):
    key, signature = sign(SECRET, NONCE, message)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    change = data.draw(st.sampled_from(["bit", "r", "s", "key", "size"]))
    if change == "bit":
        whole = int.from_bytes(key + signature, "big") ^ 1 << data.draw(st.integers(0, 767))
        key, signature = (both := whole.to_bytes(96, "big"))[:32], both[32:]
    elif change == "r":
        signature = data.draw(st.sampled_from(POINTS)) + signature[32:]
    elif change == "s":
        signature = r + (s + data.draw(st.integers(1, 14)) * ED25519_L).to_bytes(32, "little")
    elif change == "key":
        key = data.draw(st.sampled_from(POINTS))
    else:
        signature = (signature * 2)[: data.draw(st.integers(0, 128).filter(lambda size: size != 64))]
    assert not verdict(key, message, signature)


@given(key=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
def test_of_noise_both_say_the_same(key, signature):
    verdict(key, b"", signature)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_reads_nothing_beside_it(size):
    assert not verdict(bytes(range(1, size + 1)), b"m", sign(SECRET, NONCE, b"m")[1])


def test_the_libsodium_that_is_locked_is_trusted():
    key, message, signature = COFACTORED
    assert is_sound_point(key)
    assert is_sound_ed25519(signature)
    assert holds(key, message, signature, cofactor=8)
    assert not holds(key, message, signature, cofactor=1)
    assert signatures._has_no_cofactor()


def test_a_libsodium_that_takes_the_cofactor_in_is_not_asked(monkeypatch):
    def opened(signed, raw):
        if not holds(raw, signed[64:], signed[:64], cofactor=8):
            raise BadSignatureError

    monkeypatch.setattr(signatures, "crypto_sign_open", opened)
    signatures._has_no_cofactor.cache_clear()
    try:
        key, signature = sign(SECRET, NONCE, b"m", low_r=LOW_ORDER[1])
        assert not verdict(key, b"m", signature)
        assert verdict(*(sign(SECRET, NONCE, b"m")[0], b"m", sign(SECRET, NONCE, b"m")[1]))
    finally:
        signatures._has_no_cofactor.cache_clear()
