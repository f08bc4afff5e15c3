"""Links are read as GS1's own engine reads them, and what is wrong with one is said in a sentence."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.digital_link.compression import decompress, understand
from ledger.digital_link.content import CHECKS, check_characters
from ledger.digital_link.dictionary import identifiers
from ledger.digital_link.link import Link, make_link
from ledger.digital_link.reading import Permit, read_uri
from ledger.kernel.errors import Malformed
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.gs1_keys import KEYS, QUALIFIERS, check_digit, element_string

NEEDS_A_LIST = {
    "iso4217", "iso3166", "iso3166999", "iso3166alpha2", "packagetype", "mediatype", "couponcode", "couponposoffer"
}  # fmt: skip
COMPRESSED = Path(__file__).with_name("compressed.json")
HERE = "https://id.example.org"
GTIN = "09521141000014"
SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


def published(vectors):
    return json.loads((vectors / "gs1-digital-link" / "dl_parse_vectors.json").read_text("utf-8"))


def permits(vectors):
    """Each published case with what it permits.

    The flags of the origin that are missing in the cases: whether names stand for numbers, and whether unknown
    identifiers are taken in a query. Two cases are there twice with nothing but another result; the first of each has
    the flag off.
    """
    cases = published(vectors)
    results = Counter((case["uri"], json.dumps(case["flags"])) for case in cases)
    for case in cases:
        twice = results[case["uri"], json.dumps(case["flags"])] > 1
        off = (
            twice
            and not case["valid"]
            and any(other["valid"] for other in cases if (other["uri"], other["flags"]) == (case["uri"], case["flags"]))
        )
        yield case, Permit(
            names=not off, short_gtins="ZeroSuppressedGTINinDLuris" in case["flags"],
            unknown="UnknownAIs" in case["flags"] and not off,
        )  # fmt: skip


def test_all_published_links_are_read_as_gs1_s_engine_reads_them(vectors):
    seen = 0
    for case, permit in permits(vectors):
        seen += 1
        if not case["valid"]:
            with pytest.raises(Malformed):
                read_uri(case["uri"], permit)
            continue
        # In one case the transcription has its text's first characters doubled.
        assert read_uri(case["uri"], permit).element_string("^") == case["elementString"].lstrip("+"), case["uri"]
    assert seen == 118


def test_without_permission_what_is_beyond_the_standard_is_refused(vectors):
    beyond = [
        case["uri"] for case in published(vectors)
        if case["valid"] and (case["flags"] or "/gtin/" in case["uri"] or "/sscc/" in case["uri"])
    ]  # fmt: skip
    assert len(beyond) > 10
    refused = [uri for uri in beyond if _refusal(read_uri, uri)]
    assert len(refused) == len(beyond)


def test_the_table_says_what_the_published_dictionary_says(vectors):
    lines = (vectors / "gs1-syntax-dictionary" / "gs1-syntax-dictionary.txt").read_text("utf-8").splitlines()
    told = {ai: rest for line in lines for ai, rest in _told(line)}
    assert told.keys() == identifiers().keys()
    for ai, (fixed, in_query, form, checks, chains) in told.items():
        ours = identifiers()[ai]
        assert (ours.fixed, ours.in_query, ours.form, ours.chains) == (fixed, in_query, form, chains), ai
        assert [one for component in ours.components for one in component.checks] == checks, ai
    named = {one for *_, checks, _ in told.values() for one in checks}
    assert named - CHECKS.keys() == NEEDS_A_LIST
    assert CHECKS.keys() <= named


def _told(line):
    words = line.partition("#")[0].split()
    if not words:
        return
    numbers, flags, *rest = words if set(words[1]) <= set("*?") else (words[0], "", *words[1:])
    parts = [word for word in rest if word.lstrip("[")[0] in "NXYZ" and "=" not in word]
    checks = [name for part in parts for name in part.split(",")[1:] if not name.startswith("gcppos")]
    form = " ".join(part.partition(",")[0] for part in parts)
    key = [word for word in rest if word.partition("=")[0] == "dlpkey"]
    chains = None if not key else tuple(tuple(one.split(",")) for one in key[0][7:].split("|") if one)
    first, _, last = numbers.partition("-")
    for number in range(int(first), int(last or first) + 1):
        yield str(number).zfill(len(first)), ("*" in flags, "?" in flags, form, checks, chains)


def test_compressed_links_of_gs1_s_toolkit_are_read():
    """The pairs were made with GS1DigitalLinkToolkit.js of GS1, each in every way that it knows.

    It counts in floating point and loses the last digits of keys of 17 and 18, and writes keys of two parts wrongly:
    those stand in the test after this.
    """
    pairs = json.loads(COMPRESSED.read_text("ascii"))
    assert len(pairs) > 35
    for compressed, plain in pairs.items():
        got, wanted = decompress(compressed), read_uri(plain)
        assert (got.key, got.qualifiers) == (wanted.key, wanted.qualifiers), compressed
        assert sorted(got.attributes) == sorted(wanted.attributes), compressed  # their order is not kept
        assert got.others == wanted.others, compressed


def bits_of(text):
    """Characters in ASCII: how, how many (five bits where 17 or 20 are the most), which."""
    return "100" + f"{len(text):05b}" + "".join(f"{ord(one):07b}" for one in text)


@pytest.mark.parametrize(
    ("plain", "bits"),
    [
        ("/00/095211410000000014", f"{0:08b}{95211410000000014:060b}"),
        ("/8018/952114100000000018/8019/7", f"{0x8018:016b}{952114100000000018:060b}{0x8019:016b}0001{7:04b}"),
        ("/253/9521141000052CERT-9", f"{0x253:012b}{9521141000052:044b}" + bits_of("CERT-9")),
        ("/253/9521141000052", f"{0x253:012b}{9521141000052:044b}" + bits_of("")),
        ("/8003/09521141009017SKID%2F7", f"{0x8003:016b}{9521141009017:047b}" + bits_of("SKID/7")),
    ],
)
def test_keys_that_the_toolkit_cannot_write_are_read(plain, bits):
    bits += "0" * (-len(bits) % 6)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    segment = "".join(alphabet[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
    assert decompress(f"{HERE}/{segment}").path == plain


@pytest.mark.parametrize(
    "segment",
    [
        "", "A", "foo", "favicon", "ARFRoHROn", "ARFRoHROnAAA", "_RFRoHROnA", "AAAAAAAAAAAAAAAAAAAA", "x" * 2000,
        "ARFRoHROnAEUUaB0Tpw", "ARFRoHROnELHF9",
    ],
)  # fmt: skip
def test_what_is_no_compressed_link_is_refused(segment):
    with pytest.raises(Malformed):
        decompress(f"{HERE}/{segment}")


def test_a_link_with_its_key_uncompressed_is_understood():
    link = understand(f"{HERE}/p/01/{GTIN}/EGccLbjXXshSMAARxE?c=X")
    assert link.uri == f"{HERE}/p/01/{GTIN}/10/HC24117/21/C0004711?c=X"


@pytest.mark.parametrize(
    ("tail", "says"),
    [
        ("01/09521141000015", "the value 09521141000015 of (01) is wrong: its check digit is 5, it must be 4"),
        ("01/9521141000014", "'9521141000014' is no value of (01), which has the form N14"),
        (f"01/{GTIN}/21/C/10/L", "(21)(10) may not follow (01), or not in this order"),
        (f"01/{GTIN}/21/", "'' is no value of (21), which has the form X..20"),
        (f"01/{GTIN}/21/{'C' * 21}", f"'{'C' * 21}' is no value of (21), which has the form X..20"),
        (f"01/{GTIN}/21/%3Cb%3E%7F", "is no value of (21)"),
        (f"01/{GTIN}/21/C%2", "a % in the link is not followed by two hexadecimal digits"),
        (f"01/{GTIN}?11=260231", "the value 260231 of (11) is wrong: month 02 has no day 31"),
        (f"01/{GTIN}?11=261300", "the value 261300 of (11) is wrong: there is no month 13"),
        (f"01/{GTIN}?8008=26112625", "the value 26112625 of (8008) is wrong: there is no hour 25"),
        (f"01/{GTIN}?10=L", "(10) stands in the query; it is said in the path, or belongs there"),
        (f"01/{GTIN}?7040=1ABC", "(7040) may not stand in the query of a link"),
        (f"01/{GTIN}?888=1", "(888) in the query is no application identifier"),
        (f"8006/{GTIN}0301", "the value 095211410000140301 of (8006) is wrong: it says it is piece 03 of 01"),
        ("8003/19521141000014", "the value 19521141000014 of (8003) is wrong: 1 is none of 0"),
        ("8010/9521141A/8011/012", "the value 012 of (8011) is wrong: it begins with 0"),
        ("8013/1987654Ad4X4bL5ttr2310c2J", "its check characters are 2J, they must be 2K"),
        ("p/q", "names no GS1 key and its value"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tail, says):
    with pytest.raises(Malformed) as refused:
        read_uri(f"{HERE}/{tail}")
    assert says in refused.value.sentence
    assert refused.value.code == "digital_link"


def test_check_characters_are_those_of_gs1_s_example():
    """GS1 General Specifications, the example of a GMN: 1987654Ad4X4bL5ttr2310c2K."""
    assert check_characters("1987654Ad4X4bL5ttr2310c") == "2K"


def test_levels_go_from_the_coil_to_its_lot_to_the_product():
    link = read_uri(f"{HERE}/p/01/{GTIN}/10/L-1/21/C-1?11=261126&c=X")
    assert [one.uri for one in link.levels()] == [
        f"{HERE}/p/01/{GTIN}/10/L-1/21/C-1", f"{HERE}/p/01/{GTIN}/10/L-1", f"{HERE}/p/01/{GTIN}"
    ]  # fmt: skip


serials = st.text(SET_82, min_size=1, max_size=20)
gtins = st.text("0123456789", min_size=13, max_size=13).map(lambda digits: digits + check_digit(digits))


@given(gtins, serials, st.none() | serials, st.none() | st.text(SET_82, min_size=1, max_size=30))
def test_a_link_written_is_the_link_read(gtin, serial, lot, additional):
    qualifiers = [("21", serial)] if lot is None else [("10", lot), ("21", serial)]
    attributes = [] if additional is None else [("240", additional)]
    made = make_link(HERE, ("01", gtin), qualifiers, attributes, ["c=ABC"])
    assert read_uri(made.uri) == made


@given(gtins, serials, st.none() | serials)
def test_where_the_kernel_names_a_thing_the_link_names_the_same(gtin, serial, lot):
    path = f"/21/{serial}" if lot is None else f"/10/{lot}/21/{serial}"
    link = Link(HERE, ("01", gtin), tuple(zip(["10", "21"][lot is None :], path.split("/")[2::2], strict=False)))
    try:
        canonical = canonical_id(link.uri)
    except Malformed:  # a serial that reads as another element
        return
    read = read_uri(link.uri)
    assert element_string(*read.key, read.qualifiers) == canonical


def test_kernel_and_table_know_the_same_of_keys():
    assert set(KEYS) == {ai for ai, one in identifiers().items() if one.chains is not None} - {"415", "8013"}
    for ai, key in KEYS.items():
        assert key.chains == identifiers()[ai].chains, ai
    assert set(QUALIFIERS) == {ai for key in KEYS.values() for chain in key.chains for ai in chain}


@given(st.text(max_size=60) | st.text("/01?=&%abAB.:-_23", max_size=60).map(lambda tail: f"{HERE}/{tail}"))
def test_no_text_does_more_than_be_refused(text):
    assert isinstance(_refusal(understand, text), str | None)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=80))
def test_no_segment_does_more_than_be_refused_or_read(segment):
    _refusal(decompress, f"{HERE}/{segment}")


def _refusal(read, text):
    try:
        read(text)
    except Malformed as refused:
        return refused.sentence
    return None
