"""The batch functions against the slow twin and the kernel package's verifier, on every shape of Arrow input."""

import json
import random
from collections import Counter
from hashlib import sha256

import pyarrow as pa
import pytest
import slow_merkle
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.encoding import b64_decode
from ledger.kernel.errors import Unverified
from ledger.kernel.hashing import EMPTY_ROOT
from ledger.kernel.proofs import verify_consistency, verify_multiproof
from ledger.kernel.proofs import verify_inclusion as verify_one
from ledger.merkle import batches, verifier
from ledger.merkle.built import Built
from ledger.merkle.parts import WORTH_A_THREAD, ahead, in_parts
from ledger.merkle.tree import Tree
from schemas.arrow import HASH, INCLUSION_PROOFS, VERIFICATION_RESULTS
from tests.examples import examples
from tests.tiers import first

LEAVES = [slow_merkle.leaf(n.to_bytes(4, "big")) for n in range(1500)]
ROOTS = {}


def slow_root(size):
    if size not in ROOTS:
        ROOTS[size] = slow_merkle.mth(LEAVES[:size])
    return ROOTS[size]


def array(leaves):
    return pa.array(leaves, HASH)


@pytest.fixture(scope="module")
def built():
    return Built(array(LEAVES))


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    tree = Tree.open(tmp_path_factory.mktemp("levels"))
    tree.append(LEAVES[:700])
    tree.append(LEAVES[700:])
    yield tree
    tree.close()


@pytest.fixture(params=["built", "grown"], scope="module")
def tree(request):
    return request.getfixturevalue(request.param)


def proofs_of(rows):
    columns = zip(*rows, strict=True) if rows else [[], [], [], []]
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, INCLUSION_PROOFS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=INCLUSION_PROOFS)


# Leaf hashes


@pytest.mark.parametrize("width", [1, 32, 54, 55, 56, 63, 64, 113, 300])
def test_leaf_hashes_of_fixed_width(width):
    dice = random.Random(width)
    values = [dice.randbytes(width) for _ in range(37)]
    hashed = batches.leaf_hashes(pa.array(values, pa.binary(width)))
    assert hashed.type == HASH
    assert hashed.to_pylist() == [slow_merkle.leaf(value) for value in values]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()], ids=str)
def test_leaf_hashes_of_any_length(kind):
    dice = random.Random(1)
    values = [dice.randbytes(length) for length in range(200)]
    hashed = batches.leaf_hashes(pa.array(values, kind))
    assert hashed.to_pylist() == [slow_merkle.leaf(value) for value in values]


@pytest.mark.parametrize("kind", [pa.binary(2), pa.binary(), pa.large_binary()], ids=str)
@pytest.mark.parametrize(("start", "length"), [(0, 10), (3, 4), (9, 1), (10, 0), (5, 0)])
def test_leaf_hashes_of_a_slice(kind, start, length):
    values = [bytes([n, n + 1]) for n in range(10)]
    part = pa.array(values, kind).slice(start, length)
    hashed = batches.leaf_hashes(part)
    assert hashed.to_pylist() == [slow_merkle.leaf(value) for value in values[start : start + length]]
    hashed.validate(full=True)


@pytest.mark.parametrize("kind", [pa.binary(7), pa.binary(), pa.large_binary()], ids=str)
def test_leaf_hashes_of_nothing(kind):
    assert batches.leaf_hashes(pa.array([], kind)).to_pylist() == []
    assert batches.leaf_hashes(pa.array([b""], pa.binary())).to_pylist() == [slow_merkle.leaf(b"")]


def test_what_has_no_leaf_hash_is_refused():
    with pytest.raises(ValueError, match="the array of leaves has 1 nulls of 2"):
        batches.leaf_hashes(pa.array([b"a", None], pa.binary()))
    with pytest.raises(ValueError, match="leaves are fixed_size_binary, binary or large_binary, not string"):
        batches.leaf_hashes(pa.array(["a"]))


@pytest.mark.parametrize("threads", first([2, 1, 3]))
@pytest.mark.parametrize("kind", first([pa.binary(8), pa.binary(), pa.large_binary()]), ids=str)
def test_threads_change_nothing(threads, kind):
    count = 3 * WORTH_A_THREAD + 17
    values = pa.array([n.to_bytes(8, "big") for n in range(count)], kind)
    hashed = batches.leaf_hashes(values.slice(5), threads=threads)
    assert hashed.to_pylist() == [sha256(b"\0" + n.to_bytes(8, "big")).digest() for n in range(5, count)]
    tree = Built(hashed, threads=threads)
    assert tree.root() == slow_merkle.mth(hashed.to_pylist())
    indices = random.Random(3).sample(range(tree.size), count - 5)
    proofs = batches.inclusion_proofs(tree, indices, threads=threads)
    proofs.validate(full=True)
    assert verifier.verify_inclusion(proofs, tree.root(), threads=threads).to_pylist() == [True] * len(indices)
    row = count // 2
    assert proofs["path"][row].as_py() == slow_merkle.path(indices[row], hashed.to_pylist())


# Trees and proofs


@pytest.mark.parametrize("size", range(1, 40))
def test_small_trees_agree_with_the_slow_twin(tree, size):
    leaves = LEAVES[:size]
    proofs = batches.inclusion_proofs(tree, range(size), size)
    assert proofs.schema.equals(INCLUSION_PROOFS, check_metadata=True)
    proofs.validate(full=True)
    assert proofs["index"].to_pylist() == list(range(size))
    assert set(proofs["tree_size"].to_pylist()) == {size}
    assert proofs["leaf_hash"].to_pylist() == leaves
    assert proofs["path"].to_pylist() == [slow_merkle.path(index, leaves) for index in range(size)]
    assert verifier.verify_inclusion(proofs, slow_root(size), size=size).to_pylist() == [True] * size
    for old in range(1, size + 1):
        assert batches.consistency_proof(tree, old, size).to_pylist() == slow_merkle.proof(old, leaves)


@examples(60)
@given(st.data(), st.integers(1, len(LEAVES)))
def test_any_size_agrees_with_the_slow_twin(tree, data, size):
    leaves, root = LEAVES[:size], slow_root(size)
    indices = data.draw(st.lists(st.integers(0, size - 1), max_size=12))
    proofs = batches.inclusion_proofs(tree, indices, size)
    assert proofs["path"].to_pylist() == [slow_merkle.path(index, leaves) for index in indices]
    assert proofs["leaf_hash"].to_pylist() == [leaves[index] for index in indices]
    assert verifier.verify_inclusion(proofs, root).to_pylist() == [True] * len(indices)
    old = data.draw(st.integers(1, size))
    path = batches.consistency_proof(tree, old, size).to_pylist()
    assert path == slow_merkle.proof(old, leaves)
    verify_consistency(old_size=old, new_size=size, old_root=slow_root(old), new_root=root, path=path)
    assert tree.root(size) == root
    assert batches.tree_root(array(leaves)) == root


@examples(60)
@given(st.data(), st.integers(1, len(LEAVES)))
def test_multi_proofs_agree_with_the_slow_twin(tree, data, size):
    chosen = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=40)))
    path = batches.multi_proof(tree, chosen, size)
    assert path.to_pylist() == slow_merkle.multi(chosen, LEAVES[:size])
    leaves = array([LEAVES[index] for index in chosen])
    verifier.verify_multi_proof(pa.array(chosen), leaves, path, slow_root(size), size=size)


@examples(200)
@given(st.data(), st.integers(1, 100))
def test_tampered_multi_proofs_are_judged_as_the_slow_verifier_judges_them(built, data, size):
    chosen = data.draw(st.lists(st.integers(0, size), min_size=0, max_size=8))
    chosen = sorted(chosen) if data.draw(st.booleans()) else chosen
    try:
        path = batches.multi_proof(built, chosen, size).to_pylist()
    except ValueError:
        path = []
    leaves = [LEAVES[index] for index in chosen]
    for _ in range(data.draw(st.integers(0, 2))):
        tamper(data, data.draw(st.sampled_from([path, leaves] if leaves else [path])))
    tamper_length(data, path)
    claimed = data.draw(st.sampled_from([size, size + 1, max(size - 1, 1), 2 * size, 2**63]))

    def slow():
        pairs = list(zip(chosen, leaves, strict=True))
        return verify_multiproof(size=claimed, leaves=pairs, path=path, root=slow_root(size))

    def fast():
        given = pa.array(chosen, pa.uint64()), array(leaves), array(path)
        return verifier.verify_multi_proof(*given, slow_root(size), size=claimed)

    assert said(fast) == said(slow)


def said(verify):
    try:
        verify()
    except Unverified as error:
        return error.code, error.sentence
    return None


def tamper(data, hashes):
    if not hashes:
        return
    at = data.draw(st.integers(0, len(hashes) - 1))
    changed = bytearray(hashes[at])
    changed[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    hashes[at] = bytes(changed)


def tamper_length(data, path):
    how = data.draw(st.sampled_from(["", "", "less", "more"]))
    if how == "less" and path:
        del path[data.draw(st.integers(0, len(path) - 1))]
    elif how == "more":
        path.insert(data.draw(st.integers(0, len(path))), bytes(32))


@examples(150)
@given(st.data(), st.integers(1, 200), st.integers(1, 6))
def test_tampered_proofs_are_judged_as_the_slow_verifier_judges_them(data, size, count):
    rows = []
    for _ in range(count):
        index = data.draw(st.integers(0, size - 1))
        path, leaf = slow_merkle.path(index, LEAVES[:size]), [LEAVES[index]]
        if data.draw(st.booleans()):
            tamper(data, data.draw(st.sampled_from([path, leaf])))
        tamper_length(data, path)
        claim = st.sampled_from([0, 0, 0, 1, -1, size, 2**62, 2**63])
        claimed = [min(max(value + data.draw(claim), 0), 2**64 - 1) for value in (index, size)]
        rows.append((*claimed, leaf[0], path))
    results = verifier.inclusion_results(proofs_of(rows), slow_root(size))
    wanted = [
        said(lambda row=row: verify_one(index=row[0], size=row[1], leaf=row[2], path=row[3], root=slow_root(size)))
        for row in rows
    ]
    assert results["reason"].to_pylist() == [word and word[1] for word in wanted]
    assert results["valid"].to_pylist() == [word is None for word in wanted]
    assert verifier.verify_inclusion(proofs_of(rows), slow_root(size)) == results["valid"]


def test_results_have_their_schema(built):
    proofs = batches.inclusion_proofs(built, [5, 6, 7], 9)
    results = verifier.inclusion_results(proofs, slow_root(9))
    assert results.schema.equals(VERIFICATION_RESULTS, check_metadata=True)
    results.validate(full=True)
    assert results["index"].to_pylist() == [5, 6, 7]
    assert results["reason"].null_count == 3


def test_a_row_may_not_claim_another_size_than_was_signed():
    # The third leaf of three, shown as the second of two: the same hashes, and the same root.
    three = LEAVES[:3]
    row = (1, 2, three[2], slow_merkle.path(2, three))
    root = slow_merkle.mth(three)
    assert verifier.verify_inclusion(proofs_of([row]), root).to_pylist() == [True]
    assert verifier.verify_inclusion(proofs_of([row]), root, size=3).to_pylist() == [False]
    results = verifier.inclusion_results(proofs_of([row]), root, size=3)
    assert results["reason"].to_pylist() == ["the path is for a tree of 2, the root is that of 3"]


def test_zeros_are_the_root_of_no_broken_row():
    rows = [(9, 9, bytes(32), []), (0, 4, bytes(32), []), (2**63, 2**63 + 1, bytes(32), [])]
    assert verifier.verify_inclusion(proofs_of(rows), bytes(32)).to_pylist() == [False] * 3


@pytest.mark.parametrize(("start", "length"), [(0, 20), (7, 5), (19, 1), (20, 0), (3, 0)])
def test_slices_of_a_batch_are_verified(built, start, length):
    proofs = batches.inclusion_proofs(built, range(20), 1234).slice(start, length)
    assert verifier.verify_inclusion(proofs, slow_root(1234)).to_pylist() == [True] * length
    wrong = verifier.inclusion_results(proofs, slow_root(1233))
    assert wrong["index"].to_pylist() == list(range(start, start + length))
    assert [f"leaf {index} of" in reason for index, reason in enumerate(wrong["reason"].to_pylist(), start)] == [
        True
    ] * length


def test_slices_of_indices_are_proved(built):
    indices = pa.array(range(100), pa.uint64()).slice(40, 3)
    assert batches.inclusion_proofs(built, indices)["index"].to_pylist() == [40, 41, 42]
    assert batches.inclusion_proofs(built, indices.cast(pa.int32()), 50)["index"].to_pylist() == [40, 41, 42]


def test_a_stream_is_the_same_in_pieces(tree):
    whole = batches.inclusion_proofs(tree, range(100), 1000)
    pieces = list(batches.inclusion_proof_stream(tree, range(100), 1000, rows=30))
    assert [piece.num_rows for piece in pieces] == [30, 30, 30, 10]
    assert pa.Table.from_batches(pieces).combine_chunks().to_batches()[0].equals(whole)


def test_no_indices_no_proofs(tree):
    proofs = batches.inclusion_proofs(tree, [], 10)
    proofs.validate(full=True)
    assert proofs.num_rows == 0
    assert verifier.verify_inclusion(proofs, slow_root(10)).to_pylist() == []
    assert list(batches.inclusion_proof_stream(tree, [])) == []


def test_what_the_tree_does_not_have_is_not_proved(tree):
    with pytest.raises(ValueError, match="there is no leaf 7 in a tree of 7"):
        batches.inclusion_proofs(tree, [3, 7], 7)
    with pytest.raises(ValueError, match="the tree has 1500 leaves, not 1501"):
        batches.inclusion_proofs(tree, [3], 1501)
    with pytest.raises(ValueError, match="a tree of 0 leaves has no paths"):
        batches.inclusion_proofs(tree, [], 0)
    with pytest.raises(ValueError, match="no consistency path from size 8 to 7"):
        batches.consistency_proof(tree, 8, 7)
    with pytest.raises(ValueError, match="the tree has 1500 leaves, not 1501"):
        batches.consistency_proof(tree, 8, 1501)
    with pytest.raises(ValueError, match="strictly ascend"):
        batches.multi_proof(tree, [4, 3], 7)
    with pytest.raises(ValueError, match="there is no leaf 7 in a tree of 7"):
        batches.multi_proof(tree, [3, 7], 7)


@pytest.mark.parametrize("indices", [[1, -1], [1.5], ["1"], [None], [2**64], pa.array([-1]), pa.array(["x"])])
def test_what_is_no_position_is_refused(built, indices):
    with pytest.raises(ValueError, match=r"indices are whole numbers from 0 up|index has 1 nulls of 1"):
        batches.inclusion_proofs(built, indices)


def test_what_are_no_proofs_is_refused(built):
    proofs = batches.inclusion_proofs(built, [1, 2, 3])
    with pytest.raises(ValueError, match="want inclusion proofs"):
        verifier.verify_inclusion(proofs.select([0, 1, 2]), bytes(32))
    with pytest.raises(ValueError, match="a root has 32 bytes, not 31"):
        verifier.verify_inclusion(proofs, bytes(31))
    null = pa.RecordBatch.from_arrays(
        [pa.array([1, None, 3], pa.uint64()), *proofs.columns[1:]], names=INCLUSION_PROOFS.names
    )
    with pytest.raises(ValueError, match="index has 1 nulls of 3"):
        verifier.verify_inclusion(null, bytes(32))
    holed = pa.array([[LEAVES[0], None]] * 3, pa.list_(HASH))
    kind = INCLUSION_PROOFS.field("path").type
    path = pa.Array.from_buffers(kind, 3, holed.buffers()[:2], children=[holed.values])
    null = pa.RecordBatch.from_arrays([*proofs.columns[:3], path], names=INCLUSION_PROOFS.names)
    with pytest.raises(ValueError, match="path has 3 nulls of 6"):
        verifier.verify_inclusion(null, bytes(32))
    with pytest.raises(ValueError, match=r"the array of leaf hashes is fixed_size_binary\[31\]"):
        Built(pa.array([bytes(31)], pa.binary(31)))
    with pytest.raises(ValueError, match="2 leaf hashes were given for 1 indices"):
        verifier.verify_multi_proof(pa.array([1]), array(LEAVES[:2]), array([]), bytes(32), size=2)


def test_an_empty_tree_has_the_root_of_nothing():
    assert Built(array([])).root() == EMPTY_ROOT


def test_nothing_is_copied_to_build():
    leaves = array(LEAVES[:100]).slice(10, 50)
    tree = Built(leaves)
    assert pa.py_buffer(tree.levels_of(50)[0]).address == leaves.buffers()[1].address + 10 * 32


# Leaves looked up


def test_leaves_are_found(tree):
    wanted = array([LEAVES[7], LEAVES[1499], bytes(32), LEAVES[7], LEAVES[0]])
    assert batches.find_leaves(tree, wanted).to_pylist() == [7, 1499, None, 7, 0]
    assert batches.find_leaves(tree, wanted, 100).to_pylist() == [7, None, None, 7, 0]
    assert batches.find_leaves(tree, array([])).to_pylist() == []
    assert batches.find_leaves(Built(array([])), wanted).to_pylist() == [None] * 5


# Parts


@pytest.mark.parametrize("threads", [1, 2, 3, None])
def test_what_is_made_ahead_comes_in_order_and_not_all_at_once(threads):
    begun = []

    def make(number):
        begun.append(number)
        return -number

    made = ahead(make, range(100), threads)
    assert next(made) == 0
    assert len(begun) < 20
    assert list(made) == [-number for number in range(1, 100)]
    assert sorted(begun) == list(range(100))


def test_what_is_raised_ahead_is_raised_in_its_place():
    made = ahead(lambda number: 1 // (3 - number), range(9), 2)
    assert [next(made), next(made), next(made)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(made)


def test_parts_cover_every_row_once():
    for rows in (0, 1, 64, 100, 500, 5 * 64 + 1):
        for threads in (1, 2, 3, 8, None):
            parts = []
            in_parts(rows, threads, lambda start, end, into=parts: into.append((start, end)), worth=64)
            assert len(parts) <= max(rows // 64, 1)
            covered = [row for start, end in sorted(parts) for row in range(start, end)]
            assert covered == list(range(rows))


def test_what_a_part_raises_is_raised():
    def work(start, _):
        if start:
            raise ValueError("in a part")

    with pytest.raises(ValueError, match="in a part"):
        in_parts(4 * WORTH_A_THREAD, 2, work)


# What every other verifier of this tree accepts and refuses


@pytest.mark.parametrize(("folder", "accepted", "refused"), [("inclusion", 6, 92), ("subtreeinclusion", 12, 192)])
def test_published_inclusion_cases(vectors, folder, accepted, refused):
    outcomes = Counter()
    files = sorted((vectors / "transparency-dev-merkle" / "testdata" / folder).rglob("*.json"))
    for file in files:
        case = json.loads(file.read_text())
        holds = judged(case)
        assert holds is not case["wantErr"], file
        outcomes[holds] += 1
    assert outcomes == {True: accepted, False: refused}


def judged(case):
    start = case.get("start", 0)
    size = case.get("treeSize", case.get("end", 0) - start)
    path, leaf, root = ([b64_decode(text) for text in case["proof"] or []], *map(one, (case["leafHash"], case["root"])))
    try:
        proofs = proofs_of([(case["leafIdx"] - start, size, leaf, path)])
        return verifier.verify_inclusion(proofs, root, size=size)[0].as_py()
    except (ValueError, OverflowError):  # a hash of another width, a number below 0: Arrow has no place for it
        return False


def one(text):
    return b64_decode(text or "")
