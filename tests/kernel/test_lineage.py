"""The 113 bytes of an entry and the small tree of lineage items in it (SPEC 4.3, 4.4)."""

import hmac
import struct
from dataclasses import replace
from hashlib import sha256

import pytest
import slow_merkle
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.entry import Entry, parse_entry
from ledger.kernel.errors import Malformed, Unverified
from ledger.kernel.lineage import (
    COUNT_LIMIT,
    NO_INDEX,
    NO_LEAF,
    Item,
    Opened,
    Role,
    check_ascending,
    check_opened,
    digest_of_root,
    item_hash,
    lineage_of,
    parse_item,
    parse_items,
    salts,
)

SEED = bytes(range(32))
BYTES32 = st.binary(min_size=32, max_size=32)
U64 = st.integers(0, 2**64 - 1)


def subject(number):
    return sha256(b"coilmark/subject/v1\nlot\n(01)09521141000014(21)" + str(number).encode()).digest()


def items(count):
    leaf = sha256(b"before").digest()
    made = [Item(Role(n % 4), subject(n), 1 if n % 4 == 1 else n + 2, n, leaf) for n in range(count)]
    made = [replace(one, index=NO_INDEX, leaf=NO_LEAF) if one.role == Role.CREATE else one for one in made]
    return sorted(made, key=lambda one: one.subject)


# The entry


def test_an_entry_is_113_bytes_in_this_order():
    previous, statement, lineage = (sha256(word).digest() for word in (b"previous", b"statement", b"lineage"))
    entry = Entry(0x0102030405060708, 1_763_900_000_123_456, previous, statement, lineage)
    packed = entry.packed
    assert len(packed) == 113
    assert packed[0] == 1
    assert packed[1:9].hex() == "0102030405060708"
    assert int.from_bytes(packed[9:17], "big") == 1_763_900_000_123_456
    assert (packed[17:49], packed[49:81], packed[81:113]) == (previous, statement, lineage)
    assert parse_entry(packed) == entry
    assert entry.leaf == sha256(b"\x00" + packed).digest()


def test_the_leaf_of_an_entry_of_zeros():
    # printf '\x00\x01' and 112 zero bytes, through sha256sum
    leaf = Entry(0, 0, bytes(32), bytes(32), bytes(32)).leaf
    assert leaf.hex() == "fbfcffa25b1d43d1f46ed47e432cab14cdebd53d58a6ba123c5a2d0978910907"


@given(U64, U64, BYTES32, BYTES32, BYTES32)
def test_every_entry_reads_back(index, recorded_at, previous, statement, lineage):
    entry = Entry(index, recorded_at, previous, statement, lineage)
    assert parse_entry(entry.packed) == entry
    assert parse_entry(entry.packed).packed == entry.packed


@pytest.mark.parametrize("size", [0, 112, 114])
def test_an_entry_of_another_length(size):
    with pytest.raises(Malformed, match=f"an entry has 113 bytes, this has {size}"):
        parse_entry(b"\x01" * size)


@pytest.mark.parametrize("version", [0, 2, 255])
def test_an_entry_of_another_version(version):
    with pytest.raises(Malformed, match=f"entry version {version} is not known, only 1 is"):
        parse_entry(bytes([version]) + bytes(112))


# Items


def test_an_item_is_81_bytes_in_this_order():
    leaf = sha256(b"leaf").digest()
    packed = Item(Role.TOUCH, subject(1), 0x0102030405060708, 0x1112131415161718, leaf).packed()
    assert len(packed) == 81
    assert packed == b"\x02" + subject(1) + bytes.fromhex("0102030405060708" + "1112131415161718") + leaf


def test_the_first_version_has_no_link():
    packed = Item(Role.CREATE, subject(1), 1, NO_INDEX, NO_LEAF).packed()
    assert packed[33:].hex() == "0000000000000001" + "ff" * 8 + "00" * 32


@pytest.mark.parametrize("one", items(8))
def test_every_item_reads_back(one):
    assert parse_item(one.packed()) == one


LEAF = b"\x11" * 32


@pytest.mark.parametrize(
    ("role", "version", "index", "leaf"),
    [
        (0, 0, 5, LEAF),  # there is no version 0
        (2, 0, 5, LEAF),
        (1, 2, 5, LEAF),  # to create makes version 1
        (1, 1, 5, LEAF),  # version 1 has nothing before it
        (2, 1, 5, LEAF),
        (3, 1, NO_INDEX, LEAF),
        (2, 1, 5, NO_LEAF),
        (2, 2, NO_INDEX, NO_LEAF),  # version 2 has
        (2, 2, NO_INDEX, LEAF),
        (3, 2, 5, NO_LEAF),
        (0, 1, NO_INDEX, NO_LEAF),  # a reference names an entry, of version 1 too
        (0, 1, NO_INDEX, LEAF),
        (0, 3, 5, NO_LEAF),
    ],
)
def test_role_version_and_link_fit_each_other(role, version, index, leaf):
    packed = struct.pack(">B32sQQ32s", role, subject(1), version, index, leaf)
    with pytest.raises(Malformed, match=f"a lineage item with role {role} and version {version} does not fit its link"):
        parse_item(packed)


def test_an_item_of_another_role_or_length():
    with pytest.raises(Malformed, match="lineage role 4 is not known"):
        parse_item(b"\x04" + items(1)[0].packed()[1:])
    for size in (0, 80, 82):
        with pytest.raises(Malformed, match=f"a lineage item has 81 bytes, this has {size}"):
            parse_item(bytes(size))


def test_items_strictly_ascend_by_subject_key():
    good = items(5)
    assert parse_items(b"".join(one.packed() for one in good)) == tuple(good)
    assert parse_items(b"") == ()
    for bad in (good[::-1], [good[0], good[0]], [*good[:2], good[1]]):
        with pytest.raises(Malformed, match="do not strictly ascend by subject key"):
            parse_items(b"".join(one.packed() for one in bad))
    with pytest.raises(Malformed, match="80 bytes are no whole number of 81-byte items"):
        parse_items(bytes(80))
    check_ascending([])


# Digests


def test_the_salt_is_half_an_hmac_of_the_subject_key():
    want = hmac.new(SEED, b"coilmark/lineage-salt/v1\n" + subject(1), "sha256").digest()[:16]
    assert salts(SEED, [subject(1)]) == [want]
    assert salts(SEED, [subject(2)]) != [want]
    assert salts(bytes(32), [subject(1)]) != [want]


@given(st.binary(max_size=200), st.lists(st.binary(max_size=40), max_size=4))
def test_salts_are_hmacs_whatever_the_seed(seed, subjects):
    """Also of a seed that is longer than a block, which no entry has but a database may."""
    want = [hmac.digest(seed, b"coilmark/lineage-salt/v1\n" + one, "sha256")[:16] for one in subjects]
    assert salts(seed, subjects) == want


def test_the_digest_commits_to_count_and_root():
    want = sha256(b"\x02\x00\x00\x00\x05" + LEAF).digest()
    assert digest_of_root(5, LEAF) == want
    assert digest_of_root(6, LEAF) != want


def by_hand(seed, all_items):
    """The digest, from the words of SPEC 4.4."""
    leaves = []
    for one in all_items:
        packed = struct.pack(">B32sQQ32s", one.role, one.subject, one.version, one.index, one.leaf)
        key = hmac.new(seed, b"coilmark/lineage-salt/v1\n" + one.subject, "sha256").digest()[:16]
        leaves.append(sha256(b"\x00" + key + packed).digest())
    return sha256(b"\x02" + struct.pack(">I", len(leaves)) + slow_merkle.mth(leaves)).digest()


@pytest.mark.parametrize("count", range(1, 40))
def test_the_digest_is_what_the_words_say(count):
    assert lineage_of(SEED, items(count)).digest == by_hand(SEED, items(count))


def test_two_digests_for_ever():
    # Computed once outside of this project's code; a change of either is a new version of the format.
    one = [Item(Role.CREATE, b"\x01" * 32, 1, NO_INDEX, NO_LEAF)]
    assert lineage_of(SEED, one).digest.hex() == "39b72ab66dd2987404444f6999548831ccb8a62e0afada3f176278588586ad0a"
    three = [*one, Item(Role.REFERENCE, b"\x02" * 32, 7, 9, LEAF), Item(Role.CONSUME, b"\x03" * 32, 2, 4, LEAF)]
    assert lineage_of(SEED, three).digest.hex() == "eec1dafffea6f06c12c76ecfa4d93a27d57d9f6cfd6344c387d0bb96c72dea51"


# Opened items


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_every_item_can_be_opened(count):
    all_items = items(count)
    digest = lineage_of(SEED, all_items).digest
    opened = lineage_of(SEED, all_items).opened({one.subject for one in all_items})
    assert [one.item for one in opened] == all_items
    check_opened(opened, count, digest)
    for one in opened:
        check_opened([one], count, digest)


def test_only_what_is_asked_for_is_opened():
    all_items = items(9)
    wanted = {all_items[3].subject, all_items[7].subject, subject(999)}
    opened = lineage_of(SEED, all_items).opened(wanted)
    assert [one.position for one in opened] == [3, 7]
    check_opened(opened, 9, lineage_of(SEED, all_items).digest)
    assert not {path for one in opened for path in one.path} & {one.packed() for one in all_items}


@pytest.fixture
def opened():
    all_items = items(6)
    return lineage_of(SEED, all_items).opened({one.subject for one in all_items})


DIGEST = lineage_of(SEED, items(6)).digest
WRONG = "the lineage item at position 2 of 6 is not what the entry commits to"


def flipped(value, bit):
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, salt=flipped(one.salt, 0)),
        lambda one: replace(one, item=replace(one.item, version=one.item.version + 1)),
        lambda one: replace(one, item=replace(one.item, index=one.item.index ^ 1)),
        lambda one: replace(one, item=replace(one.item, leaf=flipped(one.item.leaf, 255))),
        lambda one: replace(one, item=replace(one.item, subject=flipped(one.item.subject, 0))),
        lambda one: replace(one, item=replace(one.item, role=Role((one.item.role + 1) % 4))),
        lambda one: replace(one, path=(flipped(one.path[0], 7), *one.path[1:])),
        lambda one: replace(one, path=(one.path[1], one.path[0], *one.path[2:])),
    ],
)
def test_nothing_of_an_opened_item_may_change(opened, change):
    with pytest.raises(Unverified, match=WRONG):
        check_opened([change(opened[2])], 6, DIGEST)


def test_another_entrys_digest(opened):
    with pytest.raises(Unverified, match=WRONG):
        check_opened([opened[2]], 6, lineage_of(bytes(32), items(6)).digest)


def test_items_cannot_change_places(opened):
    a, b = opened[2], opened[3]
    with pytest.raises(Unverified, match=WRONG):
        check_opened([replace(a, item=b.item, salt=b.salt), replace(b, item=a.item, salt=a.salt)][:1], 6, DIGEST)
    with pytest.raises(Unverified, match="do not strictly ascend by position and subject key"):
        check_opened([b, a], 6, DIGEST)
    with pytest.raises(Unverified, match="do not strictly ascend by position and subject key"):
        check_opened([a, a], 6, DIGEST)
    with pytest.raises(Unverified, match="do not strictly ascend by position and subject key"):
        check_opened([a, replace(b, item=a.item)], 6, DIGEST)
    with pytest.raises(Unverified, match="do not strictly ascend by position and subject key"):
        check_opened([a, replace(b, position=a.position)], 6, DIGEST)


def test_a_list_that_was_committed_out_of_order_is_refused():
    # The operator may commit to anything; two items of one subject would be two histories.
    backwards = items(6)[::-1]
    opened = lineage_of(SEED, backwards).opened({one.subject for one in backwards})
    check_opened(opened[:1], 6, lineage_of(SEED, backwards).digest)
    with pytest.raises(Unverified, match="do not strictly ascend"):
        check_opened(opened, 6, lineage_of(SEED, backwards).digest)


@pytest.mark.parametrize("count", [5, 7, 8])
def test_the_count_is_committed_to(opened, count):
    with pytest.raises(Unverified, match=r"opened lineage item: path has|is not what the entry commits to"):
        check_opened([opened[2]], count, DIGEST)


def test_positions_and_counts_have_bounds(opened):
    with pytest.raises(Unverified, match="opened lineage item: there is no leaf 2 in a tree of 2"):
        check_opened([opened[2]], 2, DIGEST)
    for count in (0, -1, COUNT_LIMIT + 1):
        with pytest.raises(Unverified, match=f"a lineage has 1 to 4294967295 items, not {count}"):
            check_opened([], count, DIGEST)
    with pytest.raises(Unverified, match="opened lineage item: path has 2 hashes, want 3 for leaf 2 of 6"):
        check_opened([replace(opened[2], path=opened[2].path[:-1])], 6, DIGEST)
    with pytest.raises(Unverified, match="path has 3 hashes, want 32 for leaf 2 of 4294967295"):
        check_opened([opened[2]], COUNT_LIMIT, DIGEST)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_salt_has_16_bytes(opened, size):
    with pytest.raises(Unverified, match=f"a lineage salt has 16 bytes, this has {size}"):
        check_opened([replace(opened[2], salt=bytes(size))], 6, DIGEST)


def test_bytes_cannot_move_from_the_salt_to_the_item():
    # A shorter salt and a longer item would hash alike if lengths were not fixed.
    one = items(1)[0]
    assert item_hash(b"s" * 16, one.packed()) == item_hash(b"s" * 15, b"s" + one.packed())
    assert isinstance(lineage_of(SEED, [one]).opened([one.subject])[0], Opened)
