import pytest
from forging import CLAIMS, PAYLOAD, SIGNER, bodied, disclosure, issued, refuses, wire_of
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.disclosure import digest_of, open_body, parse_disclosure
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Malformed
from ledger.kernel.statement import Hidden, check_complete, check_signature, issue, parse
from ledger.kernel.strict_json import MAX_INTEGER, encode


def test_hidden_values_come_back_in_place():
    body = {
        "open": 1,
        "who": Hidden("me"),
        "list": [1, Hidden(2), {"deep": Hidden({"inner": Hidden([Hidden("x"), "y"])})}, Hidden(None)],
        "empty": [Hidden({})],
    }
    statement = parse(issued(body))
    check_complete(statement)
    assert len(statement.disclosures) == 7
    assert statement.body == {
        "open": 1,
        "who": "me",
        "list": [1, 2, {"deep": {"inner": ["x", "y"]}}, None],
        "empty": [{}],
    }


def test_a_reader_without_disclosures_sees_how_many_are_withheld():
    wire = issued({"a": Hidden(1), "b": [1, Hidden(2), Hidden(3)], "c": {"d": Hidden(4)}})
    jwt, *texts = wire.decode().split("~")[:-1]
    nothing = parse(f"{jwt}~".encode())
    assert (nothing.body, nothing.withheld, nothing.disclosures) == ({"b": [1], "c": {}}, 4, ())
    a_and_three = [text for text in texts if parse_disclosure(text).value in (1, 3)]
    some = parse("~".join([jwt, *a_and_three, ""]).encode())
    assert (some.body, some.withheld) == ({"a": 1, "b": [1, 3], "c": {}}, 2)
    check_signature(some, SIGNER.key)
    with pytest.raises(Malformed, match=r"^2 digests are opened by no disclosure$") as refused:
        check_complete(some)
    assert refused.value.code == "withheld"


def test_a_disclosure_within_a_disclosure_needs_the_outer_one():
    wire = issued({"a": Hidden({"b": Hidden(1)})})
    jwt, inner, outer, _ = wire.decode().split("~")
    assert parse(f"{jwt}~{outer}~".encode()).body == {"a": {}}
    assert parse(f"{jwt}~{outer}~".encode()).withheld == 1
    refuses(
        f"{jwt}~{inner}~".encode(), "disclosure", f"no digest names the disclosure with the digest {digest_of(inner)}"
    )


def test_digests_are_sorted_so_that_their_order_says_nothing():
    payload = parse(issued({name: Hidden(name) for name in "abcdefgh"})).body
    assert list(payload) != sorted(payload)  # they come back in the order of digests, not of names
    assert sorted(payload) == list("abcdefgh")


@pytest.mark.parametrize("name", ["_sd", "..."])
def test_a_body_with_reserved_names_cannot_be_issued(name):
    with pytest.raises(Malformed, match=r"a body may not have members named _sd or \.\.\."):
        issued({"a": {name: Hidden(1)}})
    with pytest.raises(Malformed, match=r"a body may not have members named _sd or \.\.\."):
        issued({name: []})


def test_salts_are_fresh_unless_passed():
    claims = {"typ": "lot-event", **CLAIMS, "body": {"a": Hidden(1), "b": Hidden(2)}, "signer": SIGNER}
    seen = {one.salt for _ in range(3) for one in parse(issue(**claims)).disclosures}
    assert len(seen) == 6
    assert {len(salt) for salt in seen} == {22}
    assert issued(claims["body"]) == issued(claims["body"])


def test_salts_are_long_enough_and_all_different():
    for size, code in ((15, "the salt of a disclosure has 15 bytes, the least is 16"), (0, "has 0 bytes")):
        text = disclosure("a", 1, salt=bytes(size))
        refuses(bodied({"_sd": [digest_of(text)]}, text), "salt", code)
    alike = [disclosure("a", 1), disclosure("b", 2)]
    refuses(bodied({"_sd": [digest_of(text) for text in alike]}, *alike), "salt", "2 disclosures have only 1 different")
    with pytest.raises(Malformed, match="2 disclosures have only 1 different salts"):
        issue(typ="lot-event", **CLAIMS, body={"a": [Hidden(1), Hidden(2)]}, signer=SIGNER, salt=lambda: bytes(16))


A, ELEMENT = disclosure("a", 1, salt=b"a" * 16), disclosure(1, salt=b"b" * 16)
A_AGAIN = disclosure("a", 2, salt=b"c" * 16)
DIGEST_A, DIGEST_ELEMENT = digest_of(A), digest_of(ELEMENT)
OUTER = disclosure("outer", {"_sd": [DIGEST_A]}, salt=b"d" * 16)
NESTED = [disclosure("x", [{"_sd": [DIGEST_A]}], salt=b"e" * 16), disclosure("y", {"_sd": [DIGEST_A]}, salt=b"f" * 16)]


@pytest.mark.parametrize(
    ("body", "disclosures", "code", "sentence"),
    [
        # each digest once, each disclosure used once
        ({"_sd": [DIGEST_A, DIGEST_A]}, [A], "digest", f"the digest {DIGEST_A} stands more than once"),
        ({"_sd": [DIGEST_A], "x": {"_sd": [DIGEST_A]}}, [A], "digest", "stands more than once"),
        ({"_sd": [DIGEST_A], "x": [{"...": DIGEST_A}]}, [], "digest", "stands more than once"),
        ({"x": [{"...": DIGEST_ELEMENT}] * 2}, [ELEMENT], "digest", "stands more than once"),
        ({"x": {"_sd": [DIGEST_A]}, "y": {"_sd": [DIGEST_A]}}, [], "digest", "stands more than once"),
        ({"_sd": [DIGEST_A, digest_of(OUTER)]}, [A, OUTER], "digest", "stands more than once"),
        ({"_sd": [digest_of(text) for text in NESTED]}, [*NESTED, A], "digest", "stands more than once"),
        ({"_sd": [digest_of(text) for text in NESTED]}, NESTED, "digest", "stands more than once"),
        ({"_sd": [DIGEST_A]}, [A, A], "disclosure", "the same disclosure is given twice"),
        ({}, [A], "disclosure", f"no digest names the disclosure with the digest {DIGEST_A}"),
        ({"_sd": [DIGEST_A]}, [A, ELEMENT], "disclosure", f"the digest {DIGEST_ELEMENT}"),
        ({"a": DIGEST_A}, [A], "disclosure", "no digest names the disclosure"),
        ({"x": [DIGEST_A]}, [A], "disclosure", "no digest names the disclosure"),
        # a decoy is a digest that nothing opens: no statement is recorded with one
        ({"_sd": [DIGEST_A, digest_of("decoy")]}, [A], "withheld", "1 digests are opened by no disclosure"),
        ({"x": [{"...": digest_of("decoy")}]}, [], "withheld", "1 digests are opened by no disclosure"),
        # names
        ({"a": 0, "_sd": [DIGEST_A]}, [A], "disclosure", "the name 'a' is disclosed where it already stands"),
        ({"_sd": [DIGEST_A], "a": 0}, [A], "disclosure", "is disclosed where it already stands"),
        ({"_sd": [DIGEST_A, digest_of(A_AGAIN)]}, [A, A_AGAIN], "disclosure", "is disclosed where it already stands"),
        ({"_sd": []}, [disclosure("_sd", [])], "disclosure", "a disclosure may not be named _sd"),
        ({"_sd": []}, [disclosure("...", "x")], "disclosure", "a disclosure may not be named ..."),
        # member or element
        ({"_sd": [DIGEST_ELEMENT]}, [ELEMENT], "disclosure", 'a disclosure without a name is named in "_sd"'),
        ({"x": [{"...": DIGEST_A}]}, [A], "disclosure", "the disclosure named 'a' stands for an array element"),
        # where digests stand
        ({"_sd": []}, [], "digest", '"_sd" is an array of one or more digests'),
        ({"_sd": DIGEST_A}, [], "digest", '"_sd" is an array of one or more digests'),
        ({"_sd": {}}, [], "digest", '"_sd" is an array of one or more digests'),
        ({"x": [{"_sd": None}]}, [], "digest", '"_sd" is an array of one or more digests'),
        ({"_sd": [1]}, [], "digest", "a digest is base64url of 32 bytes"),
        ({"_sd": [[DIGEST_A]]}, [], "digest", "a digest is base64url of 32 bytes"),
        ({"_sd": [DIGEST_A[:-2]]}, [], "base64", "a digest is not base64url"),
        ({"_sd": [b64url_encode(bytes(31))]}, [], "digest", "a digest is base64url of 32 bytes"),
        ({"_sd": [DIGEST_A + "="]}, [], "base64", "a digest is not base64url"),
        ({"...": DIGEST_A}, [], "digest", 'the member "..." stands alone in an array element or nowhere'),
        ({"x": {"...": DIGEST_A}}, [], "digest", 'the member "..." stands alone'),
        ({"x": [{"...": DIGEST_A, "y": 1}]}, [], "digest", 'the member "..." stands alone'),
        ({"x": [{"...": None}]}, [], "digest", "a digest is base64url of 32 bytes"),
        ({"x": [{"...": [DIGEST_A]}]}, [], "digest", "a digest is base64url of 32 bytes"),
    ],
)
def test_refuses_digests_and_disclosures_that_do_not_pair(body, disclosures, code, sentence):
    refuses(bodied(body, *disclosures), code, sentence)


def test_reserved_names_are_found_however_they_are_spelt():
    payload = encode({**PAYLOAD, "lot-event": {"_sd": [DIGEST_A]}}).replace(b'"_sd":', b'"\\u005fsd":')
    assert parse(wire_of(payload=payload)).withheld == 1
    payload = encode({**PAYLOAD, "lot-event": {"x": [{"...": DIGEST_ELEMENT}]}}).replace(b'"..."', b'".\\u002e."')
    assert parse(wire_of(payload=payload)).body == {"x": []}


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (b"", "json", "a disclosure is not JSON"),
        (b"{}", "disclosure", "a disclosure is an array of salt and value, or of salt, name and value"),
        (b'"a"', "disclosure", "a disclosure is an array"),
        (b'["AAAA"]', "disclosure", "a disclosure is an array"),
        (b'["AAAA","a",1,2]', "disclosure", "a disclosure is an array"),
        (b'[1,"a",1]', "disclosure", "salt and name of a disclosure are strings"),
        (b'["AAAA",1,1]', "disclosure", "salt and name of a disclosure are strings"),
        (b'["AAAA",null,1]', "disclosure", "salt and name of a disclosure are strings"),
        (b'["A!","a",1]', "base64", "the salt of a disclosure is not base64url"),
        (b'["AB","a",1]', "base64", "the salt of a disclosure is not base64url in its one canonical spelling"),
        (b'["AAAA","a",1.5e3]', "number", "a disclosure at /2: the number 1.5e3 has an exponent"),
        (b'["AAAA","a",{"b":1,"b":1}]', "duplicate_key", 'a disclosure at /2: the key "b"'),
        (b'["AAAA","a","\\u0007"]', "text", "a disclosure at /2: a string holds the control character U+0007"),
        (b'["AAAA","e\\u0301",1]', "text", "a disclosure at /1: the string"),
        (b'["AAAA","a",1]x', "json", "a disclosure is not JSON: extra data"),
        (b'\xef\xbb\xbf["AAAA","a",1]', "utf8", "a disclosure begins with a byte order mark"),
    ],
)
def test_refuses_another_disclosure(content, code, sentence):
    text = b64url_encode(content)
    refuses(bodied({"_sd": [digest_of(text)]}, text), code, sentence)


def test_a_salt_is_canonical_for_every_reader_and_long_enough_at_recording():
    with pytest.raises(Malformed, match="the salt of a disclosure is not base64url in its one canonical spelling"):
        parse_disclosure(b64url_encode(b'["AB","a",1]'))
    assert parse_disclosure(b64url_encode(b'["AA","a",1]')).salt == "AA"


def test_a_disclosure_in_another_spelling_of_base64_is_refused():
    # Its 32 bytes leave two spare bits in the last character.
    for spelt in (A + "=", A + "\n", A[:-1] + chr(ord(A[-1]) + 1)):
        refuses(bodied({"_sd": [DIGEST_A]}, spelt), "base64", "a disclosure is not base64url")


def nested(levels):
    """Disclosures of which each holds the digest of the one before, and the digest of the outermost."""
    texts = [disclosure("a", 1, salt=bytes(16))]
    for level in range(1, levels):
        texts.append(disclosure("a", {"_sd": [digest_of(texts[-1])]}, salt=level.to_bytes(16, "big")))
    return texts, {"_sd": [digest_of(texts[-1])]}


def test_disclosures_within_disclosures_stop_at_the_depth_that_json_stops_at():
    texts, body = nested(31)  # the payload, the body and 30 objects between them and the number
    check_complete(parse(bodied(body, *texts)))
    texts, body = nested(32)
    refuses(bodied(body, *texts), "depth", "the disclosed body is nested more than 32 deep")
    texts, body = nested(100)
    refuses(bodied(body, *texts), "depth", "the disclosed body is nested more than 32 deep")


def test_opening_leaves_the_given_body_as_it_was():
    body = {"_sd": [DIGEST_A], "x": [{"...": DIGEST_ELEMENT}]}
    opened, withheld = open_body(body, [parse_disclosure(A), parse_disclosure(ELEMENT)], 31)
    assert (opened, withheld) == ({"x": [1], "a": 1}, 0)
    assert body == {"_sd": [DIGEST_A], "x": [{"...": DIGEST_ELEMENT}]}


# Round trips

SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text("aé\n~. ", max_size=5)
NAMES = st.text("abc_é", min_size=1, max_size=4).filter(lambda name: name != "_sd")


def hidden(value):
    """How many disclosures a body will have."""
    if isinstance(value, Hidden):
        return 1 + hidden(value.value)
    if isinstance(value, dict):
        return sum(map(hidden, value.values()))
    return sum(map(hidden, value)) if isinstance(value, list) else 0


BODIES = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner | inner.map(Hidden), max_size=4)
            | st.dictionaries(NAMES, inner | inner.map(Hidden), max_size=4)
        ),
        max_leaves=12,
    ),
    max_size=3,
).filter(lambda body: hidden(body) <= 100)


def shown(value):
    if isinstance(value, Hidden):
        return shown(value.value)
    if isinstance(value, dict):
        return {name: shown(member) for name, member in value.items()}
    return [shown(element) for element in value] if isinstance(value, list) else value


@given(BODIES)
def test_what_is_issued_parses_to_what_was_meant(body):
    wire = issued(body)
    statement = parse(wire)
    check_complete(statement)
    check_signature(statement, SIGNER.key)
    assert statement.body == shown(body)
    assert statement.wire == wire
    assert parse(statement.wire) == statement


@given(BODIES, st.data())
def test_any_choice_of_disclosures_parses_or_lacks_an_outer_one(body, data):
    whole = parse(issued(body))
    kept = data.draw(st.sets(st.sampled_from(range(len(whole.disclosures)))) if whole.disclosures else st.just(set()))
    wire = "~".join([whole.jwt.decode(), *(whole.disclosures[n].text for n in sorted(kept)), ""]).encode()
    try:
        part = parse(wire)
    except Malformed as refused:
        assert "no digest names the disclosure" in refused.sentence  # noqa: PT017  either outcome may come
        return
    assert part.digest == whole.digest
    assert (part.withheld == 0) == (len(kept) == len(whole.disclosures))
