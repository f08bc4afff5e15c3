import json
import re
from hashlib import sha256
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel import gs1
from ledger.kernel.errors import Malformed
from ledger.kernel.gs1 import canonical_id, check_digit, company_digits, is_canonical, names_one_thing

SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
GTIN = "09521141000014"
GLN = "9521141000014"

# Every spelling of the left names the right.
SAME = {
    # the finest key wins
    f"https://id.gs1.org/01/{GTIN}": f"(01){GTIN}",
    f"https://id.gs1.org/01/{GTIN}/10/BX-1": f"(01){GTIN}(10)BX-1",
    f"https://id.gs1.org/01/{GTIN}/21/C1": f"(01){GTIN}(21)C1",
    f"https://id.gs1.org/01/{GTIN}/10/BX-1/21/C1": f"(01){GTIN}(21)C1",
    f"https://id.gs1.org/01/{GTIN}/22/V/10/BX-1/21/C1": f"(01){GTIN}(21)C1",
    f"https://id.gs1.org/01/{GTIN}/22/V": f"(01){GTIN}",
    f"https://id.gs1.org/01/{GTIN}/22/V/10/BX-1": f"(01){GTIN}(10)BX-1",
    f"https://id.gs1.org/01/{GTIN}/235/TPX": f"(01){GTIN}(235)TPX",
    f"https://id.gs1.org/414/{GLN}": f"(414){GLN}",
    f"https://id.gs1.org/414/{GLN}/254/bay%2F7": f"(414){GLN}(254)bay/7",
    f"https://id.gs1.org/414/{GLN}/7040/1ABC": f"(414){GLN}",
    f"https://id.gs1.org/417/{GLN}": f"(417){GLN}",
    f"https://id.gs1.org/417/{GLN}/7040/1ABC": f"(417){GLN}",
    "https://id.gs1.org/00/195211410000010010": "(00)195211410000010010",
    "https://id.gs1.org/8003/09521141009017SKID77": "(8003)09521141009017SKID77",
    "https://id.gs1.org/8003/09521141009017": "(8003)09521141009017",
    "https://id.gs1.org/8004/9521141METER-PL3": "(8004)9521141METER-PL3",
    "https://id.gs1.org/8004/9521141METER-PL3/7040/1ABC": "(8004)9521141METER-PL3",
    f"https://id.gs1.org/8006/{GTIN}0102/21/S": f"(8006){GTIN}0102(21)S",
    f"https://id.gs1.org/8006/{GTIN}0102/10/L": f"(8006){GTIN}0102(10)L",
    f"https://id.gs1.org/8006/{GTIN}0102/10/L/21/S": f"(8006){GTIN}0102(21)S",
    f"https://id.gs1.org/8006/{GTIN}0102": f"(8006){GTIN}0102",
    "https://id.gs1.org/8010/9521141PART-7/8011/12": "(8010)9521141PART-7(8011)12",
    "https://id.gs1.org/8010/9521141PART-7": "(8010)9521141PART-7",
    "https://id.gs1.org/8017/952114100000000018": "(8017)952114100000000018",
    "https://id.gs1.org/8018/952114100000000018/8019/3": "(8018)952114100000000018",
    f"https://id.gs1.org/253/{GLN}CERT-9": f"(253){GLN}CERT-9",
    f"https://id.gs1.org/255/{GLN}44": f"(255){GLN}44",
    "https://id.gs1.org/401/9521141ORDER": "(401)9521141ORDER",
    "https://id.gs1.org/402/95211410000000014": "(402)95211410000000014",
    # host, port, stem, query and fragment say nothing
    f"HTTP://PLANT.example:8080/01/{GTIN}/21/C1": f"(01){GTIN}(21)C1",
    f"https://[2001:db8::1]/a/b/c/01/{GTIN}/21/C1?3103=000195&linkType=all#x": f"(01){GTIN}(21)C1",
    f"https://a/00/stem/01/{GTIN}": f"(01){GTIN}",
    f"https://a/01/{GTIN}/21/8004": f"(01){GTIN}(21)8004",
    f"https://a/01/{GTIN}/235/T?10=L": f"(01){GTIN}(235)T",
    # percent-encoding says nothing
    f"https://a/01/{GTIN}/10/%42%58%2d1": f"(01){GTIN}(10)BX-1",
    f"https://a/01/{GTIN}/10/100%25": f"(01){GTIN}(10)100%",
    # GS1 EPC Tag Data Standard, one of each scheme
    "urn:epc:id:sgtin:952114.1000001.C%2F1": "(01)19521140000012(21)C/1",
    "urn:epc:class:lgtin:9521141.000001.BX-1": f"(01){GTIN}(10)BX-1",
    "urn:epc:idpat:sgtin:9521141.000001.*": f"(01){GTIN}",
    "urn:epc:id:upui:9521141.000001.AB": f"(01){GTIN}(235)AB",
    "urn:epc:id:itip:9521141.000001.01.02.S.1": f"(8006){GTIN}0102(21)S.1",
    "urn:epc:idpat:itip:9521141.000001.01.02.*": f"(8006){GTIN}0102",
    "urn:epc:id:sscc:9521141.1000001001": "(00)195211410000010010",
    "urn:epc:id:sgln:9521141.00001.0": f"(414){GLN}",
    "urn:epc:id:sgln:9521141.00001.00": f"(414){GLN}(254)00",
    "urn:epc:id:sgln:9521141.00001.bay%2F7": f"(414){GLN}(254)bay/7",
    "urn:epc:id:sgln:952114100001..0": f"(414){GLN}",
    "urn:epc:id:pgln:9521141.00001": f"(417){GLN}",
    "urn:epc:id:grai:9521141.00901.SKID77": "(8003)09521141009017SKID77",
    "urn:epc:idpat:grai:9521141.00901.*": "(8003)09521141009017",
    "urn:epc:id:giai:9521141.METER-PL3": "(8004)9521141METER-PL3",
    "urn:epc:id:giai:9521141.a.b%25": "(8004)9521141a.b%",
    "urn:epc:id:gdti:9521141.00001.CERT-9": f"(253){GLN}CERT-9",
    "urn:epc:idpat:gdti:9521141.00001.*": f"(253){GLN}",
    "urn:epc:id:sgcn:9521141.00001.44": f"(255){GLN}44",
    "urn:epc:idpat:sgcn:9521141.00001.*": f"(255){GLN}",
    "urn:epc:id:gsrn:9521141.0000000001": "(8018)952114100000000018",
    "urn:epc:id:gsrnp:9521141.0000000001": "(8017)952114100000000018",
    "urn:epc:id:gsin:9521141.000000001": "(402)95211410000000014",
    "urn:epc:id:ginc:9521141.ORDER": "(401)9521141ORDER",
    "urn:epc:id:cpi:9521141.PART%23-7.12": "(8010)9521141PART#-7(8011)12",
    "urn:epc:idpat:cpi:9521141.PART-7.*": "(8010)9521141PART-7",
}
REFUSED = {
    # no GS1 id at all
    "": "no GS1 Digital Link URI",
    "not a uri": "no GS1 Digital Link URI",
    "https://example.com/orders/12": "names no GS1 key",
    f"ftp://a/01/{GTIN}": "no GS1 Digital Link URI",
    f"https://user@a/01/{GTIN}": "no GS1 Digital Link URI",
    f"https:///01/{GTIN}": "no GS1 Digital Link URI",
    f"HtTp://a/01/{GTIN}": "no GS1 Digital Link URI",
    "urn:uuid:5f0e2a52-6d0f-4f9a-9d0b-0d7a9d4f8a01": "no EPC URN",
    "urn:epc:id:gid:1.2.3": "no EPC URN",
    "urn:epc:id:imovn:9176187": "no EPC URN",
    "urn:epc:tag:sgtin-96:3.0614141.812345.6789": "no EPC URN",
    "urn:jpc:id:sgtin:9521141.000001.C1": "no EPC URN",
    "urn:epc:class:sgtin:9521141.000001.C1": "no EPC URN",
    "urn:epc:idpat:sscc:9521141.*": "no EPC URN",
    "URN:EPC:id:sgtin:9521141.000001.C1": "no GS1 Digital Link URI",
    # not the finest key, or more than it
    f"(01){GTIN}(10)L(21)S": "may not follow|reads as|names more",
    f"(01){GTIN}(22)V": "names more than the finest key",
    f"(01){GTIN}(10)": "has not the form",
    f"(10)L(01){GTIN}": "no GS1 key",
    f"(02){GTIN}": "no GS1 key",
    f"(01){GTIN} (21)S": "has not the form",
    f"x(01){GTIN}": "no GS1 Digital Link URI",
    "(01": "no GS1 element string",
    "(8013)1987654Ad4X4bL5ttr2310c2K": "no GS1 key",
    # an element hidden in a value
    f"https://a/01/{GTIN}/10/L(21)S": "reads as another element",
    f"https://a/01/{GTIN}/10/L%2821%29S": "reads as another element",
    # check digits, lengths, character sets
    "https://a/01/09521141000015": "is 5, it must be 4",
    "(01)09521141000015": "is 5, it must be 4",
    "https://a/8003/09521141009018SKID77": "is 8, it must be 7",
    "https://a/01/9521141000014": "has not the form of a GTIN",
    "https://a/8003/19521141009017": "has not the form of a GRAI",
    f"https://a/8006/{GTIN}0302": "piece 03 of 02",
    f"https://a/8006/{GTIN}0002": "piece 00 of 02",
    f"https://a/01/{GTIN}/21/{'x' * 21}": "has not the form",
    f"https://a/01/{GTIN}/21/a%20b": "has not the form",
    f"https://a/01/{GTIN}/21/a%23b": "has not the form",
    f"https://a/01/{GTIN}/21/%D0%A1": "has not the form",
    f"https://a/01/{GTIN}/21/\u04211": "no GS1 Digital Link URI",
    f"(01){GTIN}(21)\u04211": "has not the form",
    "(01)٠٩٥٢١١٤١٠٠٠٠١٤": "has not the form",
    f"https://a/01/{GTIN}/21/a%2": "has not the form",
    f"https://a/01/{GTIN}/21/a%00": "has not the form",
    f"https://a/01/{GTIN}/21/": "has not the form",
    f"https://a/01/{GTIN}\n": "no GS1 Digital Link URI",
    f"(01){GTIN}\n": "has not the form",
    "https://a/8010/9521141part": "has not the form of a CPID",
    "https://a/8010/9521141PART/8011/012": "has not the form",
    "https://a/8004/METER-PL3": "has not the form of a GIAI",
    "https://a/8004/" + "9" * 31: "has not the form of a GIAI",
    "https://a/" + "x" * 5000: "an id of 5010 characters",
    # order of qualifiers
    f"https://a/01/{GTIN}/21/C1/10/L": "may not follow",
    f"https://a/01/{GTIN}/10/L/10/L": "may not follow",
    f"https://a/01/{GTIN}/10/L/235/T": "may not follow",
    f"https://a/01/{GTIN}/254/x": "may not follow",
    f"https://a/01/{GTIN}/%32%31/C1": "may not follow",
    f"https://a/414/{GLN}/254/a/7040/1ABC": "may not follow",
    f"https://a/01/{GTIN}/": "names no GS1 key",
    f"https://a/01//{GTIN}": "names no GS1 key",
    # what would be part of the id may not hide in the query
    f"https://a/01/{GTIN}?10=L": r"has \(10\) in its query",
    f"https://a/01/{GTIN}?99=x&%31%30=L": r"has \(10\) in its query",
    f"https://a/01/{GTIN}/10/L?01={GTIN}": r"has \(01\) in its query",
    # EPC URNs
    "urn:epc:id:sgtin:9521141.00001.C1": "do not make 13 digits",
    "urn:epc:id:sgtin:9521141.000001": "wants 3 parts",
    "urn:epc:id:sgtin:95211.00000001.C1": "6 to 12 digits",
    "urn:epc:id:sgtin:9521141.000001.": "may not stand in an EPC URN",
    "urn:epc:id:sgtin:9521141.000001.a/b": "may not stand in an EPC URN",
    "urn:epc:id:sgtin:9521141.000001.%41": "may not stand in an EPC URN",
    "urn:epc:id:sgtin:9521141.000001.\u04211": "may not stand in an EPC URN",
    "urn:epc:id:sgtin:9521141.00000a.C1": "do not make 13 digits",
    "urn:epc:idpat:sgtin:9521141.*.*": "do not make 13 digits",
    "urn:epc:idpat:sgtin:9521141.000001.[1-7]": "does not end in",
    "urn:epc:id:sscc:9521141.100000100": "do not make 17 digits",
    "urn:epc:id:cpi:9521141.PART.012": "has not the form",
    "urn:epc:id:sgcn:9521141.00001.4x": "has not the form",
}


@pytest.mark.parametrize("text", SAME)
def test_every_spelling_comes_to_one_name(text):
    assert canonical_id(text) == SAME[text]


@pytest.mark.parametrize("text", sorted(set(SAME.values())))
def test_a_canonical_id_stays_as_it_is(text):
    assert is_canonical(text)
    assert canonical_id(text) == text


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_gs1_id_is_refused_with_a_reason(text):
    with pytest.raises(Malformed, match=REFUSED[text]) as refused:
        canonical_id(text)
    assert refused.value.code == "gs1_id"
    assert not is_canonical(text)


def test_a_link_is_no_canonical_id():
    assert not is_canonical(f"https://id.gs1.org/01/{GTIN}")


@pytest.mark.parametrize(
    ("digits", "digit"), [("0952114100001", "4"), ("629104150021", "3"), ("00000000000000000", "0"), ("1", "7")]
)
def test_check_digits(digits, digit):
    assert check_digit(digits) == digit


@pytest.mark.parametrize("digits", ["", "12a", "²", "٣", "-1", " 1"])
def test_what_is_no_digits_has_no_check_digit(digits):
    with pytest.raises(Malformed, match="no string of digits"):
        check_digit(digits)


@given(st.text("0123456789", min_size=1, max_size=30), st.data())
def test_a_check_digit_finds_any_one_wrong_digit(digits, data):
    at = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[at]]))
    assert check_digit(digits[:at] + other + digits[at + 1 :]) != check_digit(digits)


@given(st.text(SET_82, min_size=1, max_size=20))
def test_link_urn_and_elements_agree_on_every_serial(serial):
    canonical = f"(01){GTIN}(21){serial}"
    spellings = [
        canonical,
        f"https://a/01/{GTIN}/21/{quote(serial, safe='')}",
        f"https://a/01/{GTIN}/10/L/21/{quote(serial, safe='')}",
        "urn:epc:id:sgtin:9521141.000001." + "".join(f"%{ord(c):02X}" if c in '"%&/<>?' else c for c in serial),
    ]
    if re.search(r"\([0-9]{2,4}\)", serial):
        for text in spellings:
            with pytest.raises(Malformed):
                canonical_id(text)
    else:
        assert {canonical_id(text) for text in spellings} == {canonical}


@given(st.text() | st.text(SET_82 + "{}[]#\\^`| ") | st.from_regex(r"urn:epc:(id|class|idpat):[a-z]{3,5}:[0-9.*%A-F]*"))
def test_any_text_is_refused_or_has_one_name(text):
    try:
        canonical = canonical_id(text)
    except Malformed:
        assert not is_canonical(text)
    else:
        assert is_canonical(canonical)


@pytest.mark.parametrize(
    ("canonical", "digits"),
    [
        (f"(01){GTIN}(21)C1", "952114100001"),
        ("(00)195211410000010010", "9521141000001001"),
        ("(8003)09521141009017SKID77", "952114100901"),
        ("(8004)9521141METER-PL3", "9521141"),
        ("(8004)9521141", "9521141"),
        ("(8010)9521141PART-7(8011)12", "9521141"),
        (f"(417){GLN}", "952114100001"),
        ("(402)95211410000000014", "9521141000000001"),
    ],
)
def test_company_digits_begin_with_the_company_prefix(canonical, digits):
    assert company_digits(canonical) == digits


ONE_THING = {
    f"(01){GTIN}(21)C1": True, f"(01){GTIN}(235)T": True, f"(01){GTIN}(10)L": False, f"(01){GTIN}": False,
    "(00)195211410000010010": True, f"(414){GLN}": True, f"(417){GLN}": True, "(8004)9521141METER": True,
    "(8003)09521141009017SKID77": True, "(8003)09521141009017": False,
    f"(253){GLN}CERT-9": True, f"(253){GLN}": False, f"(255){GLN}44": True, f"(255){GLN}": False,
    f"(8006){GTIN}0102(21)S": True, f"(8006){GTIN}0102(10)L": False, f"(8006){GTIN}0102": False,
    "(8010)9521141PART(8011)12": True, "(8010)9521141PART": False, "(401)9521141ORDER": True,
    "(8018)952114100000000018": True,
}  # fmt: skip


@pytest.mark.parametrize("canonical", ONE_THING)
def test_single_things_are_told_from_classes_and_lots(canonical):
    assert names_one_thing(canonical) is ONE_THING[canonical]


# ---- GS1's own vectors

# GS1's engine reads /gtin/ and /sscc/, and GTINs without their leading zeros, only when told to be permissive.
PERMISSIVE = re.compile(r"/(?:gtin|sscc)/|/01/[0-9]{8,13}(?:\?|$)")


def test_gs1_digital_link_vectors(vectors):
    permissive, dropped, agreed = [], [], 0
    for vector in json.loads((vectors / "gs1-digital-link" / "dl_parse_vectors.json").read_text("utf-8")):
        try:
            canonical = canonical_id(vector["uri"])
        except Malformed:
            (permissive if vector["valid"] else []).append(vector["uri"])
            agreed += not vector["valid"]
            continue
        if not vector["valid"]:
            dropped.append(vector["uri"])
            continue
        agreed += 1
        # GS1's own form holds every element of our id, with other qualifiers between and after them.
        for element in re.findall(r"\(([0-9]+)\)([^(]+)", canonical):
            assert "".join(element) in vector["elementString"]
    # For a later resolver to judge: none of them is about compressed links, of which this file has none.
    assert [uri for uri in permissive if not PERMISSIVE.search(uri)] == []
    assert len(permissive) == 3 + 9
    # The fault is in a part of the query that says nothing of the id and is dropped.
    assert [uri for uri in dropped if canonical_id(uri) != canonical_id(uri.partition("?")[0])] == []
    assert (len(dropped), agreed) == (9, 118 - 12 - 9)


# ---- EPCIS: the ids in events whose CBV hash is published

ID_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")


def _link(canonical):
    """As CBV 2.0 8.9 writes a canonical id: a Digital Link of the host id.gs1.org."""
    elements = re.findall(r"\(([0-9]{2,4})\)((?:(?!\([0-9]{2,4}\)).)+)", canonical)
    return "https://id.gs1.org" + "".join(f"/{ai}/{quote(value, safe=chr(39))}" for ai, value in elements)


def _ids(event):
    found = [("epc", text) for name in ID_LISTS for text in event.get(name, [])]
    found += [("parentID", event["parentID"])] if "parentID" in event else []
    lists = [value for name, value in event.items() if name.lower().endswith("quantitylist")]
    found += [("epcClass", element["epcClass"]) for elements in lists for element in elements]
    return found


def _documents(folder):
    for path in sorted(folder.glob("*.jsonld")):
        before = next(iter(path.parent.glob(f"{path.stem}.*prehashes")), None)
        if before is not None:
            events = json.loads(path.read_text("utf-8")).get("epcisBody", {}).get("eventList", [])
            yield from zip(events, before.read_text("utf-8").splitlines(), strict=bool(events))


@pytest.mark.parametrize(
    ("folder", "compared", "foreign"), [("epcis-event-hash/tests/examples", 91, 2), ("aluminium-examples", 39, 0)]
)
def test_ids_are_those_that_the_published_event_hashes_were_made_of(vectors, folder, compared, foreign):
    count, others = 0, 0
    for event, before in _documents(vectors / folder):
        if "httpspc=" in before:
            continue  # one published string is garbled: the next test makes it anew and compares its hash
        for name, text in _ids(event):
            try:
                canonical = canonical_id(text)
            except Malformed:
                assert "/gtin/" in text  # the alpha names are not read here
                others += 1
                continue
            assert f"{name}={_link(canonical)}" in before
            count += 1
    assert (count, others) == (compared, foreign)


def test_an_event_with_every_gs1_key_has_its_published_hash(vectors):
    """The pre-hash string beside it is garbled in the published file, the hash is not: so the string is made here."""
    path = vectors / "epcis-event-hash" / "tests" / "examples" / "epcisDocWithAllGS1Keys.jsonld"
    (event,) = json.loads(path.read_text("utf-8"))["epcisBody"]["eventList"]
    epcs = sorted(f"epc={_link(canonical_id(text))}" for text in event["epcList"])
    classes = sorted(f"quantityElementepcClass={_link(canonical_id(one['epcClass']))}" for one in event["quantityList"])
    text = (
        "eventType=ObjectEventeventTime=2023-03-27T11:30:00.000ZeventTimeZoneOffset=+01:00"
        f"epcList{''.join(epcs)}quantityList{''.join(classes)}action=OBSERVE"
        "bizStep=https://ref.gs1.org/cbv/BizStep-other"
        f"readPointid={_link(canonical_id(event['readPoint']['id']))}"
    )
    published = path.with_suffix(".hashes").read_text("utf-8").strip()
    assert published == f"ni:///sha-256;{sha256(text.encode()).hexdigest()}?ver=CBV2.0"


@given(
    st.text("0123456789", min_size=14, max_size=14),
    st.sampled_from(["10", "21"]),
    st.text("AZaz09._-", min_size=1, max_size=21),
    st.sampled_from(["http", "https", "HTTPS"]),
)
def test_the_short_way_reads_what_the_long_way_reads(digits, ai, value, scheme):
    digits = digits[:-1] + check_digit(digits[:-1]) if int(digits[0]) % 2 else digits
    text = f"{scheme}://id.gs1.org/01/{digits}/{ai}/{value}"
    try:
        wanted = gs1._from_link(text)
    except Malformed as error:
        with pytest.raises(Malformed, match=re.escape(error.sentence)):
            canonical_id(text)
    else:
        assert canonical_id(text) == wanted
