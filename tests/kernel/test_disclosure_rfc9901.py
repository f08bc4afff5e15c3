"""The examples that RFC 9901 publishes, as far as our profile takes them, and what it refuses of them."""

import pytest
from forging import HEADER, bodied, refuses, wire_of

from ledger.kernel.disclosure import digest_of, parse_disclosure
from ledger.kernel.statement import check_complete, parse

FAMILY_NAME = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
# 4.2.1: the same name and value in other spellings; each has its own digest, because text is hashed and not meaning.
FAMILY_NAME_OTHERWISE = [
    "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd",
    "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd",
    "WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ",
]
# 5.1: disclosure, digest, name, value
JOHN = [
    (
        "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd",
        "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4",
        "given_name",
        "John",
    ),
    (
        "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd",
        "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo",
        "family_name",
        "Doe",
    ),
    (
        "WyJlSThaV205UW5LUHBOUGVOZW5IZGhRIiwgInBob25lX251bWJlciIsICIrMS0yMDItNTU1LTAxMDEiXQ",
        "PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI",
        "phone_number",
        "+1-202-555-0101",
    ),
    (
        "WyJRZ19PNjR6cUF4ZTQxMmExMDhpcm9BIiwgInBob25lX251bWJlcl92ZXJpZmllZCIsIHRydWVd",
        "XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM",
        "phone_number_verified",
        True,
    ),
    (
        (
            "WyJBSngtMDk1VlBycFR0TjRRTU9xUk9BIiwgImFkZHJlc3MiLCB7InN0cmVldF9hZGRyZXNzIjogIjEyMyBNYWluIFN0IiwgImxvY2Fs"
            "aXR5IjogIkFueXRvd24iLCAicmVnaW9uIjogIkFueXN0YXRlIiwgImNvdW50cnkiOiAiVVMifV0"
        ),
        "XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE",
        "address",
        {"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"},
    ),
    (
        "WyJHMDJOU3JRZmpGWFE3SW8wOXN5YWpBIiwgInVwZGF0ZWRfYXQiLCAxNTcwMDAwMDAwXQ",
        "CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI",
        "updated_at",
        1570000000,
    ),
    ("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIlVTIl0", "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo", None, "US"),
    ("WyJuUHVvUW5rUkZxM0JJZUFtN0FuWEZBIiwgIkRFIl0", "7Cf6JkPudry3lcbwHgeZ8khAv1U1OSlerP0VkBJrWZ0", None, "DE"),
]


def test_the_rfc_4_2_example_has_its_digest():
    one = parse_disclosure(FAMILY_NAME)
    assert one.digest == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    assert (one.salt, one.name, one.value) == ("_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius")


def test_the_rfc_4_2_spellings_mean_the_same_and_are_four_disclosures():
    others = [parse_disclosure(text) for text in FAMILY_NAME_OTHERWISE]
    assert {(one.salt, one.name, one.value) for one in others} == {("_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius")}
    assert len({digest_of(FAMILY_NAME), *(one.digest for one in others)}) == 4


@pytest.mark.parametrize(("text", "digest", "name", "value"), JOHN, ids=[str(row[2] or row[3]) for row in JOHN])
def test_each_rfc_5_1_disclosure_has_its_digest(text, digest, name, value):
    one = parse_disclosure(text)
    assert (one.text, one.digest, one.name, one.value) == (text, digest, name, value)


def test_the_rfc_5_1_claims_open_inside_a_body_of_ours():
    body = {"_sd": sorted(digest for _, digest, name, _ in JOHN if name), "sub": "user_42"}
    body["nationalities"] = [{"...": digest} for _, digest, name, _ in JOHN if not name]
    statement = parse(bodied(body, *(text for text, *_ in JOHN)))
    check_complete(statement)
    want = {name: value for _, _, name, value in JOHN if name}
    assert statement.body == {**want, "sub": "user_42", "nationalities": ["US", "DE"]}


def test_the_rfc_5_1_example_itself_is_not_a_statement_of_ours():
    # Its claims are hidden at the top of the payload, beside exp, sub and cnf, under typ example+sd-jwt: three things
    # that the profile refuses, and a key binding JWT, as in RFC 9901 5.2, would be the fourth.
    payload = {"_sd": [digest for _, digest, *_ in JOHN], "iss": "https://issuer.example.com", "iat": 1683000000}
    payload |= {"exp": 1883000000, "sub": "user_42", "_sd_alg": "sha-256", "cnf": {"jwk": {}}}
    refuses(wire_of(HEADER | {"typ": "example+sd-jwt"}, payload), "typ_unknown", "is not known")
    refuses(wire_of(HEADER, payload), "payload_members", '"_sd, cnf, exp, sub" too many')
    refuses(wire_of() + b"e30.e30.AA", "key_binding", "key binding is not taken here")
