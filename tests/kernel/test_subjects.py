from hashlib import sha256

import pytest

from ledger.kernel.errors import Malformed
from ledger.kernel.subjects import KINDS, Implied, Want, canonical_subject_id, may_create, subject_key

PARTY = "(417)9521141000014"
OTHER = "(417)9521141000021"
SITE = "(414)9521141000014"
COIL = "(01)09521141000014(21)C1"


def test_a_subject_key_is_the_hash_that_spec_gives():
    want = sha256(b"coilmark/subject/v1\nlot\n(01)09521141000014(21)C1").digest()
    assert subject_key("lot", COIL) == want
    assert Implied("lot", COIL, Want.CREATE).key == want


def test_one_id_under_two_kinds_is_two_subjects():
    assert len({subject_key(kind, PARTY) for kind in KINDS}) == len(KINDS) == 11


def test_a_lot_is_named_in_any_spelling():
    for text in (COIL, "https://id.example.com/01/09521141000014/10/L/21/C1", "urn:epc:id:sgtin:9521141.000001.C1"):
        assert canonical_subject_id("lot", text, PARTY) == COIL


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"lot", "ledger"}])
@pytest.mark.parametrize(
    "text",
    [
        PARTY,
        "(8004)9521141METER-1",
        f"{PARTY}/meter-1",
        f"{OTHER}/meter-1",
        f"{SITE}/hall~2/line:3/a.b_c",
        f"{PARTY}/{'x' * 80}",
        f"{PARTY}/.../a",
    ],
)
def test_other_subjects_have_a_gs1_name_or_one_below_a_party(kind, text):
    assert canonical_subject_id(kind, text, PARTY) == text


def test_a_name_below_the_issuer_is_taken_whatever_form_the_issuer_has():
    assert canonical_subject_id("device", f"{PARTY}/wind-7/mast-1", f"{PARTY}/wind-7")
    assert canonical_subject_id("device", "(8004)9521141 is no id/mast-1", "(8004)9521141 is no id")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "meter-1",
        "/meter-1",
        f"{PARTY}/",
        f"{PARTY}//meter-1",
        f"{PARTY}/meter 1",
        f"{PARTY}/meter-1/",
        f"{PARTY}/meter-1\n",
        f"{PARTY}/./meter-1",
        f"{PARTY}/hall/..",
        f"{PARTY}/%2e%2e",
        f"{PARTY}/m\u0435ter",
        f"{PARTY}/{'x' * 81}",
        f"{PARTY}/{'x' * 79}/{'x' * 79}/{'x' * 79}",
        "(417)9521141000015/meter-1",
        "https://id.gs1.org/417/9521141000014",
        "(00)195211410000010010/meter-1",
    ],
)
def test_what_is_no_such_name_is_refused(text):
    for iss in (PARTY, OTHER):
        with pytest.raises(Malformed, match="no canonical id of a meter") as refused:
            canonical_subject_id("meter", text, iss)
        assert refused.value.code == "id_not_canonical"


def test_a_ledger_is_named_by_its_uri():
    assert canonical_subject_id("ledger", "https://ledger.example.com/", PARTY) == "https://ledger.example.com/"
    for text in ("ledger", "https://ledger.example.com/ x", "https://lédger.example.com"):
        with pytest.raises(Malformed, match="no canonical id of a ledger"):
            canonical_subject_id("ledger", text, PARTY)


def test_an_unknown_kind_is_refused():
    with pytest.raises(Malformed, match="'coil' is no kind of subject"):
        canonical_subject_id("coil", COIL, PARTY)


@pytest.mark.parametrize(
    ("name", "prefixes", "may"),
    [
        (COIL, ["9521141"], True),
        (COIL, ["952", "9521141"], True),
        (COIL, ["952114100001"], True),
        (COIL, ["9521142"], False),
        (COIL, ["0952114"], False),  # the indicator digit is not the owner's
        (COIL, [""], False),
        (COIL, [], False),
        ("(8004)9521141METER", ["9521141"], True),
        ("(8004)9521141METER", ["95211417"], False),
        ("(8003)09521141009017SKID77", ["9521141"], True),
        ("(00)195211410000010010", ["9521141"], True),
        (f"{PARTY}/meter-1", [], True),
        (f"{OTHER}/meter-1", ["9521141"], False),  # nobody names things below another party
        (f"{PARTY}0/meter-1", [], False),
        ("meter-1", ["9521141"], False),
        ("https://id.gs1.org/01/09521141000014/21/C1", ["9521141"], False),
    ],
)
def test_who_may_create_an_id(name, prefixes, may):
    assert may_create(name, PARTY, prefixes) is may
