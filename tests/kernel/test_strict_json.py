import json
from decimal import Decimal

import pytest

from ledger.kernel.errors import Malformed
from ledger.kernel.strict_json import decode

GOOD = [
    # RFC 8259 3: literals, and a value need not be an object
    (b"null", None),
    (b"true", True),
    (b"false", False),
    (b'""', ""),
    (b'"a"', "a"),
    (b"[]", []),
    (b"{}", {}),
    # 2: the four characters of white space, anywhere between tokens
    (b" \t\n\r1 \t\n\r", 1),
    (b'{ "a" : [ 1 , 2 ] }', {"a": [1, 2]}),
    (b"[\n\n]", []),
    # 4: names; an empty one is a name
    (b'{"":0}', {"": 0}),
    (b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
    (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
    (b'[{"a":1},{"a":1}]', [{"a": 1}, {"a": 1}]),
    (b'{"\\u0061":1,"b":2}', {"a": 1, "b": 2}),
    # 6: integers
    (b"0", 0),
    (b"-0", 0),
    (b"-1", -1),
    (b"123456789012345", 123456789012345),
    (b"9007199254740991", 2**53 - 1),
    (b"-9007199254740991", 1 - 2**53),
    # 6: decimals keep their digits
    (b"1.0", Decimal("1.0")),
    (b"1.10", Decimal("1.10")),
    (b"-0.5", Decimal("-0.5")),
    (b"-0.0", Decimal("-0.0")),
    (b"0.123456789012345", Decimal("0.123456789012345")),
    (b"12345678901234.5", Decimal("12345678901234.5")),
    (b"0.00000000000123456789012345", Decimal("0.00000000000123456789012345")),
    (b"[1,1.5,-2]", [1, Decimal("1.5"), -2]),
    # 7: strings and every escape
    (b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'),
    (b'"\\u0041\\u00e9\\u20AC"', "Aé€"),
    (b'"\\ud83d\\ude00"', "😀"),
    (b'"\\\\ud800"', "\\ud800"),
    ('"é€😀"'.encode(), "é€😀"),
    (b'"\x7f"', "\x7f"),
    (b'"\\u0000"', "\0"),
    ('"\u2028\ufeff"'.encode(), "\u2028\ufeff"),
    (b'"' + b"a" * 4096 + b'"', "a" * 4096),
    (b'"' + "é".encode() * 4096 + b'"', "é" * 4096),
    (b'"' + b"\\u0061" * 4096 + b'"', "a" * 4096),
]

BAD = [
    # one value, all of it, and nothing else
    (b"", "json", "body is not JSON: expecting value at line 1 column 1"),
    (b" ", "json", "expecting value"),
    (b"1 2", "json", "extra data at line 1 column 3"),
    (b"{}}", "json", "extra data"),
    (b"[1]x", "json", "extra data"),
    (b"[1]\x00", "json", "extra data"),
    (b"1\x00", "json", "extra data"),
    (b"\x001", "json", "expecting value"),
    (b"[1]//c", "json", "extra data"),
    (b"/*c*/1", "json", "expecting value"),
    (b"#1", "json", "expecting value"),
    (b"\x0b1", "json", "expecting value"),
    (b"\x0c1", "json", "expecting value"),
    ("\u00a01".encode(), "json", "expecting value"),
    (b"[\xe2\x80\xa81]", "json", "expecting value"),
    # literals
    (b"True", "json", "expecting value"),
    (b"nul", "json", "expecting value"),
    (b"nulll", "json", "extra data"),
    (b"undefined", "json", "expecting value"),
    (b"a", "json", "expecting value"),
    # arrays
    (b"[", "json", "expecting value"),
    (b"]", "json", "expecting value"),
    (b"[1", "json", "expecting ',' delimiter"),
    (b"[1,]", "json", "expecting value"),
    (b"[,1]", "json", "expecting value"),
    (b"[1,,2]", "json", "expecting value"),
    (b"[1 2]", "json", "expecting ',' delimiter"),
    (b"[1:2]", "json", "expecting ',' delimiter"),
    (b"[1}", "json", "expecting ',' delimiter"),
    # objects
    (b"{", "json", "expecting property name"),
    (b'{"a"', "json", "expecting ':' delimiter"),
    (b'{"a":', "json", "expecting value"),
    (b'{"a":1', "json", "expecting ',' delimiter"),
    (b'{"a":1,}', "json", "expecting property name"),
    (b'{,"a":1}', "json", "expecting property name"),
    (b'{"a" 1}', "json", "expecting ':' delimiter"),
    (b'{"a"::1}', "json", "expecting value"),
    (b"{a:1}", "json", "expecting property name"),
    (b"{'a':1}", "json", "expecting property name"),
    (b"{1:1}", "json", "expecting property name"),
    (b'{"a":1 "b":2}', "json", "expecting ',' delimiter"),
    (b'{"a":1;"b":2}', "json", "expecting ',' delimiter"),
    # duplicate names at any depth, however spelt
    (b'{"a":1,"a":1}', "duplicate_key", 'body: the key "a" occurs more than once'),
    (b'{"a":1,"\\u0061":2}', "duplicate_key", 'body: the key "a" occurs more than once'),
    (b'{"":1,"":2}', "duplicate_key", 'body: the key "" occurs more than once'),
    (b'[1,{"x":{"k":1,"l":2,"k":3}}]', "duplicate_key", 'body at /1/x: the key "k" occurs more than once'),
    (b'{"a":{"b":1,"b":1},"a":1}', "duplicate_key", 'the key "a" occurs more than once'),
    # numbers: the grammar
    (b"01", "json", "extra data"),
    (b"-01", "json", "extra data"),
    (b"00.5", "json", "extra data"),
    (b"+1", "json", "expecting value"),
    (b"-", "json", "expecting value"),
    (b"--1", "json", "expecting value"),
    (b".5", "json", "expecting value"),
    (b"-.5", "json", "expecting value"),
    (b"1.", "json", "extra data"),
    (b"1.e1", "json", "extra data"),
    (b"1..5", "json", "extra data"),
    (b"1e", "json", "extra data"),
    (b"0x10", "json", "extra data"),
    (b"1_000", "json", "extra data"),
    (b"1,5", "json", "extra data"),
    ("\uff11".encode(), "json", "expecting value"),
    ("1\u0661".encode(), "json", "extra data"),
    (b"inf", "json", "expecting value"),
    # numbers: ours
    (b"NaN", "number", "NaN is not a JSON number"),
    (b"Infinity", "number", "Infinity is not a JSON number"),
    (b'{"a":-Infinity}', "number", "body at /a: -Infinity is not a JSON number"),
    (b"1e5", "number", "the number 1e5 has an exponent"),
    (b"1E5", "number", "has an exponent"),
    (b"1.5e-3", "number", "has an exponent"),
    (b"1e400", "number", "has an exponent"),
    (b"0e0", "number", "has an exponent"),
    (b"9007199254740992", "number", "the integer 9007199254740992 is beyond"),
    (b"-9007199254740992", "number", "the integer -9007199254740992 is beyond"),
    (b"[0,[9223372036854775808]]", "number", "body at /1/0: the integer 9223372036854775808 is beyond"),
    (b"9" * 5000, "number", "is beyond"),
    (b"-" + b"9" * 5000, "number", "is beyond"),
    (b"9" * 1_000_000, "number", "is beyond"),
    (b"0.1234567890123456", "number", "has 16 significant digits, the limit is 15"),
    (b"1.000000000000000", "number", "has 16 significant digits, the limit is 15"),
    (b"-9007199254740991.5", "number", "has 17 significant digits"),
    (b"0." + b"0" * 40 + b"1", "number", "a number is 43 characters long, the limit is 32"),
    (b"[" * 32 + b"1e5" + b"]" * 32, "number", "the number 1e5 has an exponent"),
    # strings
    (b'"', "json", "unterminated string"),
    (b'"a', "json", "unterminated string"),
    (b'"a\\', "json", "unterminated string"),
    (b"'a'", "json", "expecting value"),
    (b'"\n"', "json", "invalid control character at line 1"),
    (b'"\t"', "json", "invalid control character"),
    (b'"\x00"', "json", "invalid control character"),
    (b'"\x1f"', "json", "invalid control character"),
    (b'"\\x41"', "json", "invalid \\escape"),
    (b'"\\a"', "json", "invalid \\escape"),
    (b'"\\\x00"', "json", "invalid \\escape"),
    (b'"\\u12"', "json", "invalid \\uxxxx escape"),
    (b'"\\u12g4"', "json", "invalid \\uxxxx escape"),
    (b'"\\u+041"', "json", "invalid \\uxxxx escape"),
    (b'"\\U0041"', "json", "invalid \\escape"),
    (b'"\\ud800"', "string", "body: a string holds a lone surrogate"),
    (b'"\\uDfFf"', "string", "a string holds a lone surrogate"),
    (b'"\\uDBFF"', "string", "a string holds a lone surrogate"),
    (b'"\\ude00\\ud83d"', "string", "a string holds a lone surrogate"),
    (b'{"a":["x","\\ud800\\u0041"]}', "string", "body at /a/1: a string holds a lone surrogate"),
    (b'{"\\udc00":1}', "string", "a string holds a lone surrogate"),
    (b'"' + b"a" * 4097 + b'"', "string", "body: a string has 4097 characters, the limit is 4096"),
    (b'{"k":["' + b"a" * 5000 + b'"]}', "string", "body at /k/0: a string has 5000 characters"),
    (b'{"' + b"a" * 4097 + b'":1}', "string", "a string has 4097 characters"),
    (b"[" * 32 + b'"' + b"a" * 4097 + b'"' + b"]" * 32, "string", "a string has 4097 characters"),
    # encoding
    (b"\xef\xbb\xbf{}", "utf8", "body begins with a byte order mark"),
    ('{"a":1}'.encode("utf-16"), "utf8", "body is not UTF-8 at byte 0"),
    ('{"a":1}'.encode("utf-16-le"), "json", "expecting property name"),
    ('{"a":1}'.encode("utf-16-be"), "json", "expecting value"),
    ("[1]".encode("utf-32-be"), "json", "expecting value"),
    (b'"\xff"', "utf8", "body is not UTF-8 at byte 1"),
    (b'"\xe9"', "utf8", "is not UTF-8"),
    (b'"\xc0\x80"', "utf8", "is not UTF-8"),
    (b'"\xed\xa0\x80"', "utf8", "is not UTF-8"),
    (b'"\xf4\x90\x80\x80"', "utf8", "is not UTF-8"),
    (b'"\xe2\x82"', "utf8", "is not UTF-8"),
    # depth
    (b"[" * 33 + b"]" * 33, "depth", "body is nested 33 deep, the limit is 32"),
    (b'{"a":' * 33 + b"1" + b"}" * 33, "depth", "nested 33 deep, the limit is 32"),
    (b'[{"a":' * 17 + b"1" + b"}]" * 17, "depth", "nested 34 deep, the limit is 32"),
    (b"[" * 2000 + b"]" * 2000, "depth", "the limit is 32"),
    (b"[" * 100_000 + b"]" * 100_000, "depth", "the limit is 32"),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "depth", "the limit is 32"),
    (b"[" * 100_000, "depth", "the limit is 32"),
    (b'[1,{"a":' + b"[" * 40 + b"]" * 40 + b"}]", "depth", "nested 42 deep, the limit is 32"),
]


def exact(value):
    """Tell 1 from True and from Decimal("1"), and 1.0 from 1.00."""
    if isinstance(value, dict):
        return {key: exact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [exact(member) for member in value]
    return type(value), str(value)


@pytest.mark.parametrize(("text", "value"), GOOD, ids=[ascii(text[:30]) for text, _ in GOOD])
def test_reads_what_the_grammar_allows(text, value):
    assert exact(decode(text)) == exact(value)


@pytest.mark.parametrize(("text", "code", "sentence"), BAD, ids=[ascii(text[:30]) for text, _, _ in BAD])
def test_refuses_with_code_and_place(text, code, sentence):
    with pytest.raises(Malformed) as refused:
        decode(text)
    assert (refused.value.code, sentence in refused.value.sentence) == (code, True), refused.value.sentence
    assert len(refused.value.sentence) < 400


def test_names_what_it_was_told_to_read():
    with pytest.raises(Malformed, match=r"^the header at /a: the number 1e1 has an exponent$"):
        decode(b'{"a":1e1}', "the header")


def test_a_long_key_does_not_fill_the_sentence():
    key = b"k" * 4000
    with pytest.raises(Malformed, match=r'^body: the key "k{40}"… occurs more than once$'):
        decode(b'{"' + key + b'":1,"' + key + b'":2}')
    with pytest.raises(Malformed, match=r"^body at /k{115}…: the number 1e5 has an exponent$"):
        decode(b'{"' + key + b'":1e5}')


def test_limits_can_be_set_by_the_caller():
    assert decode(b'[["abcd"]]', max_depth=2, max_string=4) == [["abcd"]]
    with pytest.raises(Malformed, match="nested 2 deep, the limit is 1"):
        decode(b'[["abcd"]]', max_depth=1)
    with pytest.raises(Malformed, match="at /0/0: a string has 4 characters, the limit is 3"):
        decode(b'[["abcd"]]', max_string=3)


def test_thirty_two_levels_are_allowed_around_a_scalar():
    value = decode(b"[" * 32 + b"7" + b"]" * 32)
    for _ in range(32):
        (value,) = value
    assert value == 7


PLAIN_BAD = [
    (b'"\\u0000"', "holds the control character U\\+0000"),
    (b'{"a":"\\t"}', "body at /a: a string holds the control character U\\+0009"),
    (b'"\\r\\n"', "holds the control character U\\+000D"),
    (b'"\x7f"', "holds the control character U\\+007F"),
    (b'"\xc2\x85"', "holds the control character U\\+0085"),
    (b'{"\\u001b":1}', "holds the control character U\\+001B"),
    (b'"e\xcc\x81"', r'the string "e\\u0301" is not in Unicode normal form C'),
    (b'"e\\u0301"', r'the string "e\\u0301" is not in Unicode normal form C'),
    (b'{"e\\u0301":1}', "is not in Unicode normal form C"),
    (b'"\xe2\x84\xab"', "is not in Unicode normal form C"),
]


@pytest.mark.parametrize(("text", "sentence"), PLAIN_BAD)
def test_plain_text_is_in_nfc_without_control_characters(text, sentence):
    decode(text)
    with pytest.raises(Malformed, match=sentence) as refused:
        decode(text, plain=True)
    assert refused.value.code == "text"


@pytest.mark.parametrize("text", [b'"two\\nlines"', '"Павлодар é"'.encode(), b'"\\u00e9"', b'"a\\\\b"'])
def test_plain_text_has_lines_and_letters(text):
    assert decode(text, plain=True) == json.loads(text)


def test_the_tables_are_as_long_as_they_say():
    assert len(GOOD) + len(BAD) + len(PLAIN_BAD) >= 150
