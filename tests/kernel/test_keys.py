import pickle
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.errors import Malformed
from ledger.kernel.keys import PublicKey, generate, jwk, load_signer, parse_jwk, possession_message, verify_signature
from ledger.kernel.signatures import P256_P, is_on_curve

# RFC 8037 A.2 and A.3
RFC8037 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
# RFC 7515 A.3
RFC7515 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC7515_INPUT = (
    b"eyJhbGciOiJFUzI1NiJ9."
    b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
RFC7515_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
# RFC 8037 A.4
RFC8037_INPUT = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
RFC8037_SIGNATURE = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
ALGORITHMS = ["Ed25519", "ES256"]


def test_the_rfc_8037_key_has_its_thumbprint_and_verifies():
    key = parse_jwk(RFC8037)
    assert (key.alg, key.kid) == ("Ed25519", RFC8037_THUMBPRINT)
    assert verify_signature(key, "EdDSA", RFC8037_INPUT, b64url_decode(RFC8037_SIGNATURE))


def test_the_rfc_7515_key_verifies_and_its_thumbprint_is_over_its_four_members():
    key = parse_jwk(RFC7515)
    text = f'{{"crv":"P-256","kty":"EC","x":"{RFC7515["x"]}","y":"{RFC7515["y"]}"}}'
    assert (key.alg, key.kid) == ("ES256", b64url_encode(sha256(text.encode()).digest()))
    assert verify_signature(key, "ES256", RFC7515_INPUT, b64url_decode(RFC7515_SIGNATURE))


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_generated_key_goes_out_and_comes_back(alg):
    key = load_signer(generate(alg)).key
    assert key.alg == alg
    assert parse_jwk(jwk(key)) == key
    assert load_signer(generate(alg)).key != key


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_travels_between_processes_after_use(alg):
    signer = load_signer(generate(alg))
    assert verify_signature(signer.key, alg, b"m", signer.sign(b"m"))
    there = pickle.loads(pickle.dumps(signer.key))  # noqa: S301  our own bytes
    assert (there, there.kid) == (signer.key, signer.key.kid)
    assert verify_signature(there, alg, b"m", signer.sign(b"m"))


def test_a_key_is_loaded_once():
    key = load_signer(generate()).key
    assert key.loaded is key.loaded


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kty": "RSA"}, "a key is kty OKP with crv Ed25519, or kty EC with crv P-256"),
        ({"crv": "X25519"}, "a key is kty OKP with crv Ed25519"),
        ({"crv": "P-256"}, "a key is kty OKP with crv Ed25519"),
        ({"crv": 1}, "key member crv is missing or not a string"),
        ({"kty": None}, "key member kty is missing or not a string"),
        ({"x": 7}, "key member x is missing or not a string"),
        ({"d": RFC8037["x"]}, "a Ed25519 key has exactly the members kty, crv, x"),
        ({"y": RFC8037["x"]}, "exactly the members kty, crv, x"),
        ({"kid": "a"}, "exactly the members kty, crv, x"),
        ({"alg": "EdDSA"}, "exactly the members kty, crv, x"),
        ({"x": RFC8037["x"] + "="}, "key member x is not base64url"),
        ({"x": RFC8037["x"][:-1] + "p"}, "key member x is not base64url in its one canonical spelling"),
        ({"x": b64url_encode(bytes(31))}, "a coordinate has 32 bytes, these have 31"),
        ({"x": b64url_encode(b"\x02" + bytes(31))}, "the Ed25519 key is not a point on the curve"),
        ({"x": "€"}, "key member x is not base64url"),
    ],
)
def test_refuses_a_jwk_that_is_not_exactly_an_ed25519_key(change, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_jwk(RFC8037 | change)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"y": RFC7515["x"]}, "the P-256 key is not a point on the curve"),
        ({"x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))}, "not a point on the curve"),
        ({"x": b64url_encode(P256_P.to_bytes(32, "big"))}, "a coordinate that is not below p"),
        ({"y": b64url_encode(bytes(33))}, "a coordinate has 32 bytes, these have 32, 33"),
        ({"crv": "P-384"}, "a key is kty OKP with crv Ed25519"),
        ({"kty": "OKP"}, "a key is kty OKP with crv Ed25519"),
        ({"d": "AA"}, "a ES256 key has exactly the members kty, crv, x, y"),
        ({"use": "sig"}, "exactly the members kty, crv, x, y"),
    ],
)
def test_refuses_a_jwk_that_is_not_exactly_a_p256_key(change, sentence):
    with pytest.raises(Malformed, match=sentence):
        parse_jwk(RFC7515 | change)


def test_refuses_a_jwk_with_a_member_missing():
    with pytest.raises(Malformed, match="exactly the members kty, crv, x, y"):
        parse_jwk({name: RFC7515[name] for name in ("kty", "crv", "x")})
    with pytest.raises(Malformed, match="key member kty is missing"):
        parse_jwk({})


def test_every_generated_point_is_on_the_curve_and_about_half_of_all_others():
    assert all(is_on_curve(load_signer(generate()).key.raw) for _ in range(20))
    assert 20 < sum(is_on_curve(n.to_bytes(32, "little")) for n in range(2, 102)) < 80


@pytest.mark.parametrize("alg", ALGORITHMS)
@given(message=st.binary(max_size=200), bit=st.integers(0, 511), other=st.binary(max_size=200))
def test_one_bit_of_a_signature_or_another_message_does_not_verify(alg, message, bit, other):
    signer = SIGNERS[alg]
    signature = signer.sign(message)
    flipped = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
    assert verify_signature(signer.key, alg, message, signature)
    assert not verify_signature(signer.key, alg, message, flipped)
    assert verify_signature(signer.key, alg, other, signature) == (other == message)


@pytest.mark.parametrize("size", [0, 1, 63, 65, 70, 71, 72, 128])
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_signature_of_another_length_does_not_verify(alg, size):
    signer = SIGNERS[alg]
    assert not verify_signature(signer.key, alg, b"m", (signer.sign(b"m") * 2)[:size])


def test_the_algorithm_is_the_one_of_the_key():
    ed25519, es256 = SIGNERS["Ed25519"], SIGNERS["ES256"]
    taken = {
        (signer.key.alg, alg)
        for signer in (ed25519, es256)
        for alg in ("Ed25519", "EdDSA", "ES256", "ES384", "none", "", "ed25519")
        if verify_signature(signer.key, alg, b"m", signer.sign(b"m"))
    }
    assert taken == {("Ed25519", "Ed25519"), ("Ed25519", "EdDSA"), ("ES256", "ES256")}


def test_a_key_that_is_none_verifies_nothing():
    signature = SIGNERS["Ed25519"].sign(b"m")
    for key in (PublicKey("Ed25519", bytes(31)), PublicKey("RS256", bytes(32)), PublicKey("ES256", bytes(64))):
        assert not verify_signature(key, key.alg, b"m", signature)
        with pytest.raises(Malformed):
            _ = key.loaded


def test_only_ed25519_and_p256_are_made_or_loaded():
    with pytest.raises(Malformed, match="keys are Ed25519 or ES256, not RS256"):
        generate("RS256")
    for private in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(Malformed, match="the private key is neither Ed25519 nor P-256"):
            load_signer(pem(private, serialization.NoEncryption()))


def test_a_file_that_holds_no_open_private_key_is_refused():
    locked = pem(ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"word"))
    with pytest.raises(Malformed, match="the private key is encrypted; decrypt it first"):
        load_signer(locked)
    for text in (b"", b"coil", generate()[:60], generate().replace(b"PRIVATE", b"PUBLIC")):
        with pytest.raises(Malformed, match="this is no private key in PEM"):
            load_signer(text)


def test_possession_is_proven_for_one_ledger_one_party_and_one_key():
    message = possession_message("https://ledger.example", "(417)9521141000009", "k")
    assert message == b"coilmark/key-possession/v1\nhttps://ledger.example\n(417)9521141000009\nk\n"


def pem(private, encryption):
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


SIGNERS = {alg: load_signer(generate(alg)) for alg in ALGORITHMS}
