import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.errors import Malformed
from ledger.kernel.strict_json import MAX_INTEGER, decode, encode


def exact(value):
    """Tell 1 from True and from Decimal("1"), and 1.0 from 1.00."""
    if isinstance(value, dict):
        return {key: exact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [exact(member) for member in value]
    return type(value), str(value)


DECIMALS = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(1 - 10**15, 10**15 - 1),
    st.integers(1, 20),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | DECIMALS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@given(VALUES)
def test_what_is_written_reads_as_it_was(value):
    assert exact(decode(encode(value))) == exact(value)


@given(VALUES)
def test_what_is_written_is_json_to_others_too(value):
    theirs = json.loads(encode(value), parse_float=Decimal)
    assert exact(theirs) == exact(value)


@given(VALUES, st.data())
def test_reads_as_the_standard_library_does_or_refuses(value, data):
    text = bytearray(encode(value))
    place = data.draw(st.integers(0, len(text)))
    text[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        ours = decode(bytes(text))
    except Malformed:
        return
    assert exact(ours) == exact(json.loads(text.decode("utf-8"), parse_float=Decimal))


def test_writes_compactly_and_in_the_order_given():
    value = {"b": [1, Decimal("2.50"), None, True], "a": {}, "é": [], "q": '"\\\n', "t": (Decimal("1E+3"),)}
    assert encode(value) == '{"b":[1,2.50,null,true],"a":{},"é":[],"q":"\\"\\\\\\n","t":[1000]}'.encode()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1.5, "1.5 of type float has no place in JSON here"),
        ([{"a": 0.0}], "0.0 of type float has no place"),
        (b"x", "of type bytes has no place"),
        ({1: 2}, "the key 1 is no string"),
        (2**53, "is beyond"),
        (Decimal("1E+16"), "is beyond"),
        (Decimal("NaN"), "of type Decimal has no place"),
        (Decimal("Infinity"), "of type Decimal has no place"),
        (Decimal("0.1234567890123456"), "has 16 significant digits"),
        ("\ud800", "surrogates not allowed"),
    ],
)
def test_writing_what_could_not_be_read_is_our_own_fault(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        encode(value)


def test_writing_stops_at_the_depth_that_reading_stops_at():
    value = 1
    for _ in range(32):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(ValueError, match="nested deeper than 32"):
        encode({"a": value})
