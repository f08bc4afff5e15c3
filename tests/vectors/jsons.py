"""Vectors of strict JSON (SPEC 4.1): one reading for every reader, or a refusal."""

from vectors.cases import Case, text_or_base64

GOOD = [
    ("every-kind", b'{"a":[1,-2.50,"x",true,false,null],"b":{}}', True),
    ("largest-integers", b"[9007199254740991,-9007199254740991]", True),
    ("15-digits", b"[0.000123456789012345]", True),
    ("escaped-pair", b'["\\ud83d\\ude00"]', True),
    ("32-deep", b"[" * 32 + b"]" * 32, True),
    ("4096-characters", b'["' + b"x" * 4096 + b'"]', True),
    ("decomposed-letter-in-a-header", '["e\u0301"]'.encode(), False),
]
BAD = [
    ("duplicate-key", b'{"a":1,"a":1}', "duplicate_key"),
    ("duplicate-key-escaped", b'{"a":1,"\\u0061":1}', "duplicate_key"),
    ("not-a-number", b"[NaN]", "number"),
    ("integer-2-to-the-53", b"[9007199254740992]", "number"),
    ("exponent", b"[1e3]", "number"),
    ("16-digits", b"[1.234567890123456]", "number"),
    ("33-deep", b"[" * 33 + b"]" * 33, "depth"),
    ("4097-characters", b'["' + b"x" * 4097 + b'"]', "string"),
    ("lone-surrogate", b'["\\ud83d"]', "string"),
    ("decomposed-letter", '["e\u0301"]'.encode(), "text"),
    ("control-character", b'["a\\u0007"]', "text"),
    ("not-utf-8", b'["\xff"]', "utf8"),
    ("byte-order-mark", b"\xef\xbb\xbf[]", "utf8"),
    ("trailing-garbage", b"[] x", "json"),
]


def jsons():
    for name, data, plain in GOOD:
        yield Case("json", name, f"Taken: {name.replace('-', ' ')}.", {**text_or_base64("json", data), "plain": plain})
    for name, data, code in BAD:
        desc = f"Refused: {name.replace('-', ' ')}."
        yield Case("json", f"bad-{name}", desc, {**text_or_base64("json", data), "plain": True}, code)
