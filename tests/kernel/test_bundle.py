"""The bundle file: one spelling, entries in order, and the limits of SPEC 8."""

import json

import pytest
from forged_ledger import with_a_coil

from ledger.kernel.bundle import ENTRY_LIMIT, SIZE_LIMIT, encode_bundle, parse_bundle
from ledger.kernel.errors import Malformed, TooLarge
from ledger.limits import BUNDLE, BUNDLE_ENTRIES


@pytest.fixture(scope="module")
def data():
    return with_a_coil().bundle(3)


def changed(data, change):
    value = json.loads(data)
    change(value)
    return json.dumps(value, separators=(",", ":")).encode()


def refuses(data, sentence):
    with pytest.raises(Malformed) as refused:
        parse_bundle(data)
    assert sentence in refused.value.sentence


def test_what_is_read_is_written_again_byte_for_byte(data):
    assert encode_bundle(parse_bundle(data)) == data


def test_members_come_in_the_order_of_the_specification(data):
    assert list(json.loads(data)) == ["type", "kind", "about", "entries", "proof", "checkpoint"]


@pytest.mark.parametrize("member", ["type", "kind", "about", "entries", "proof", "checkpoint"])
def test_a_missing_member_is_named(data, member):
    refuses(changed(data, lambda value: value.pop(member)), f"the bundle lacks {member}")


def test_an_extra_member_is_named(data):
    refuses(changed(data, lambda value: value.update(trusted=True)), "the bundle has unknown members: trusted")


def test_an_extra_member_of_an_entry_is_named(data):
    extra = changed(data, lambda value: value["entries"][1].update(proof=""))
    refuses(extra, "the bundle entry has unknown members: proof")


@pytest.mark.parametrize("change", [{"type": "coilmark.bundle/v2"}, {"kind": "whole"}, {"kind": None}, {"kind": []}])
def test_another_type_or_kind_is_not_known(data, change):
    refuses(changed(data, lambda value: value.update(change)), "type or kind of the bundle is not known")


def test_an_entry_that_stands_twice_is_refused(data):
    twice = changed(data, lambda value: value["entries"].insert(1, value["entries"][1]))
    refuses(twice, "entry 1 follows entry 1: entries ascend by index, each once")


def test_entries_in_another_order_are_refused(data):
    refuses(changed(data, lambda value: value["entries"].reverse()), "entry 2 follows entry 3")


@pytest.mark.parametrize("about", [4, 2**53 - 1])
def test_the_entry_it_is_about_must_be_in_it(data, about):
    other = changed(data, lambda value: value.update(about=about))
    refuses(other, f"the bundle is about entry {about}, which it does not hold")


@pytest.mark.parametrize("about", [-1, True, "3", 3.5])
def test_about_is_an_index(data, about):
    refuses(changed(data, lambda value: value.update(about=about)), "about is an integer from 0 to")


def test_another_spelling_is_no_bundle(data):
    refuses(data + b"\n", "not in its one canonical spelling")
    refuses(data.replace(b',"kind"', b', "kind"', 1), "not in its one canonical spelling")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda value: value.update(entries={}), "entries is an array"),
        (lambda value: value.update(entries=[7]), "a bundle entry is a JSON object"),
        (lambda value: value.update(entries=[]), "about entry 3, which it does not hold"),
        (lambda value: value.update(proof=["AA=="]), "a hash of proof has 1 bytes, want 32"),
        (lambda value: value.update(checkpoint=None), "checkpoint is a string"),
    ],
)
def test_a_member_of_another_type_is_refused(data, change, sentence):
    refuses(changed(data, change), sentence)


def test_too_many_entries_are_refused_by_their_number(data):
    crowd = changed(data, lambda value: value.update(entries=[7] * (ENTRY_LIMIT + 1)))
    with pytest.raises(TooLarge, match=r"has 20001 entries, the limit is 20000"):
        parse_bundle(crowd)


def test_a_file_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(TooLarge, match=r"has 67108865 bytes, the limit is 67108864"):
        parse_bundle(b" " * (SIZE_LIMIT + 1))


def test_the_limits_are_those_of_the_table():
    assert (ENTRY_LIMIT, SIZE_LIMIT) == (BUNDLE_ENTRIES, BUNDLE)
