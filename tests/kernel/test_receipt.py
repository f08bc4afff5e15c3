"""The receipt file: one spelling, and nothing in it that SPEC 4.6 does not name."""

import json

import pytest
from forged_ledger import with_a_coil

from ledger.kernel import receipt
from ledger.kernel.errors import Malformed, TooLarge
from ledger.kernel.receipt import RECEIPT_LIMIT, encode_receipt, parse_receipt


@pytest.fixture(scope="module")
def data():
    return with_a_coil().receipt(3)


def changed(data, change):
    value = json.loads(data)
    change(value)
    return json.dumps(value, separators=(",", ":")).encode()


def refuses(data, sentence):
    with pytest.raises(Malformed) as refused:
        parse_receipt(data)
    assert sentence in refused.value.sentence


def test_what_is_read_is_written_again_byte_for_byte(data):
    assert encode_receipt(parse_receipt(data)) == data


@pytest.mark.parametrize("text", ['a"b~', "a\\b~", "a\nb~", "a\x7fb~", "a b~"])
def test_any_statement_is_spelt_as_json_spells_it(data, text):
    """A parser tells canonical from other spellings by writing again what it read."""
    other = changed(data, lambda value: value.update(statement=text))
    assert encode_receipt(parse_receipt(other)) == other


def test_the_statement_may_be_kept_back(data):
    short = changed(data, lambda value: value.pop("statement"))
    assert parse_receipt(short).statement is None
    assert encode_receipt(parse_receipt(short)) == short


def test_members_come_in_the_order_of_the_specification(data):
    assert list(json.loads(data)) == ["type", "entry", "lineage", "statement", "proof"]


@pytest.mark.parametrize("member", ["type", "entry", "lineage", "proof"])
def test_a_missing_member_is_named(data, member):
    refuses(changed(data, lambda value: value.pop(member)), f"the receipt lacks {member}")


def test_an_extra_member_is_named(data):
    refuses(changed(data, lambda value: value.update(valid=True)), "the receipt has unknown members: valid")


def test_an_extra_member_of_an_opened_item_is_named(data):
    extra = changed(data, lambda value: value["lineage"]["opened"][0].update(note="x"))
    refuses(extra, "the opened item has unknown members: note")


@pytest.mark.parametrize("other", ["coilmark.receipt/v2", "coilmark.bundle/v1", 1, None])
def test_another_type_is_not_known(data, other):
    refuses(changed(data, lambda value: value.update(type=other)), "only coilmark.receipt/v1 is")


@pytest.mark.parametrize(
    "spell",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b":", b": ", 1),
        lambda data: json.dumps(json.loads(data), separators=(",", ":"), sort_keys=True).encode(),
        lambda data: data.replace(b"coilmark", b"coil\\u006dark", 1),
        lambda data: data.replace(b"\\u2014", b"\\u2014".decode("unicode_escape").encode()),
        lambda data: data.replace(b'"position":0', b'"position":0.0'),
        lambda data: data.replace(b'"position":0', b'"position":-0'),
    ],
    ids=["newline", "space", "order", "escape", "no escape", "decimal", "minus"],
)
def test_another_spelling_is_no_receipt(data, spell):
    with pytest.raises(Malformed):
        parse_receipt(spell(data))
    assert spell(data) != data


def test_a_member_that_occurs_twice_is_refused(data):
    refuses(data.replace(b'{"type"', b'{"proof":"","type"', 1), "occurs more than once")


@pytest.mark.parametrize("size", [0, 65, 112, 114])
def test_an_entry_of_another_size_is_refused(data, size):
    """65 bytes are an inner node of the tree: they can never stand as an entry."""
    other = changed(data, lambda value: value.update(entry=receipt.b64_encode(bytes([1]) * size)))
    refuses(other, f"an entry has 113 bytes, this has {size}")


def test_base64_has_one_spelling(data):
    loose = changed(data, lambda value: value.update(entry=value["entry"][:-3] + "B=="))
    refuses(loose, "entry is not base64 in its one canonical spelling")


def test_items_stand_in_order(data):
    def swap(value):
        value["lineage"]["opened"].reverse()

    refuses(changed(data, swap), "opened lineage items stand in ascending order, each once")


def test_an_item_stands_within_the_count(data):
    outside = changed(data, lambda value: value["lineage"].update(count=1))
    refuses(outside, "position is an integer from 0 to 0")


@pytest.mark.parametrize("count", [True, -1, 2**32, "2", None, 2.5])
def test_the_count_is_an_integer(data, count):
    refuses(changed(data, lambda value: value["lineage"].update(count=count)), "count is an integer from 0 to")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda value: value.update(entry=7), "entry is a string"),
        (lambda value: value.update(statement="\u0430"), "statement is an ASCII string"),
        (lambda value: value.update(lineage=[]), "a lineage is a JSON object"),
        (lambda value: value["lineage"].update(opened={}), "opened is an array"),
        (lambda value: value["lineage"]["opened"][0].update(path=[7]), "path is an array of base64 hashes"),
        (lambda value: value["lineage"]["opened"][0].update(path=["AA=="]), "a hash of path has 1 bytes, want 32"),
        (lambda value: value["lineage"]["opened"][0].update(salt="AA=="), "salt has 1 bytes, want 16"),
    ],
)
def test_a_member_of_another_type_is_refused(data, change, sentence):
    refuses(changed(data, change), sentence)


@pytest.mark.parametrize("junk", [b"", b"null", b"[]", b'"coilmark.receipt/v1"', b"\xff", b"{" * 5000, b"1" * 5000])
def test_junk_is_malformed_and_nothing_worse(junk):
    with pytest.raises(Malformed):
        parse_receipt(junk)


def test_a_file_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(TooLarge, match=f"has {RECEIPT_LIMIT + 1} bytes, the limit is {RECEIPT_LIMIT}"):
        parse_receipt(b" " * (RECEIPT_LIMIT + 1))
