"""The quick reading of payloads against the kernel's: the same value of the same types, or the same refusal."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.checking import quick_json
from ledger.checking.quick_json import decode_quickly
from ledger.kernel import strict_json
from ledger.kernel.errors import Malformed

EVENT = (
    b'{"iss":"(417)9521141000014","iat":1795721025,"lot-event":{"epcList":["urn:a"],"g":-26700000,"on":true,"x":null}}'
)
# As a passport is: more brackets than may nest, longer than a string may be, a string of digits, brackets in strings.
LONG = b'{"rows":[' + b",".join([b'{"id":"(00)095212110000000017","at":[1,2],"as":"}]["}'] * 120) + b"]}"
BROKEN = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"-", b"-0", b"01", b".", b"1.5", b"1.50", b"1e5", b"E+1", b" ",
    b"\n", b"\x1f", b"\x7f", b"\xff", b"\xc2\x80", "é".encode(), b"e\xcc\x81", b"\xef\xbb\xbf", b"\\u0061", b"NaN",
    b"9007199254740991", b"9007199254740993", b"18446744073709551616", b'"iat":1,', b'"x":null', b"[" * 33, b"a" * 4096,
]  # fmt: skip


def typed(value):
    """The value with its types and the order of its keys, which plain comparison does not see."""
    if isinstance(value, dict):
        return [(key, typed(member)) for key, member in value.items()]
    return [typed(one) for one in value] if isinstance(value, list) else (type(value), value)


def outcome(read, data):
    try:
        return typed(read(data, "the payload", plain=True))
    except Malformed as refusal:
        return refusal.code, refusal.sentence


@st.composite
def texts(draw):
    """A payload in which some places were replaced by what readers differ on."""
    data = draw(st.sampled_from([EVENT, LONG, b"[1,[2,[]]]", b'{"a":{"b":1},"c":[]}', b"1", b'"a"']))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        data = data[:start] + draw(st.sampled_from(BROKEN)) + data[start + draw(st.integers(0, 3)) :]
    return data


@given(texts())
@example(b'{"a":1,"a":1}')
@example(b'{"a":{"b":1,"b":2}}')
@example(b"[1.5]")
@example(b"[9007199254740993]")
@example(b"[" * 33 + b"]" * 33)
@example(b'["' + b"a" * 4097 + b'"]')
@example(b'"\x7f"')
@example(b"[-0]")
@example(b'{"a":[' + b'["[{"],' * 40 + b"[" * 31 + b"]" * 32 + b"}")
@example(b'["]]]",' + b"[" * 32 + b'"[[[[[["' + b"]" * 33)
@example(b'["' + b"b" * 4000 + b'","' + b"a" * 4097 + b'"]')
@example(b'["' + b"b" * 4096 + b'",' + b"9007199254740993" + b"]")
@example(b" 1")
def test_it_says_what_the_kernel_says(data):
    assert outcome(decode_quickly, data) == outcome(strict_json.decode, data)


@pytest.mark.parametrize("data", [EVENT, LONG], ids=["event", "long"])
def test_what_a_signer_writes_is_read_without_the_kernel(monkeypatch, data):
    wanted = typed(strict_json.decode(data))

    def ask(*_values, **_words):
        pytest.fail("the kernel was asked")

    monkeypatch.setattr(quick_json.strict_json, "decode", ask)
    assert typed(decode_quickly(data, plain=True)) == wanted
