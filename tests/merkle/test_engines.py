"""The batch functions, unchanged, inside an engine that maps them over Arrow batches of its own making."""

import pyarrow as pa
import pytest
import slow_merkle

from ledger.merkle import batches, verifier
from ledger.merkle.built import Built
from schemas.arrow import ENTRY, HASH, INCLUSION_PROOFS

datafusion = pytest.importorskip("datafusion", reason="the engine is not installed")

COUNT = 20_000
ENTRIES = [n.to_bytes(113, "big") for n in range(COUNT)]


@pytest.fixture(scope="module")
def engine():
    settings = datafusion.SessionConfig().with_batch_size(1_000).with_target_partitions(4)
    session = datafusion.SessionContext(settings)
    entries = pa.table({"index": pa.array(range(COUNT), pa.uint64()), "entry": pa.array(ENTRIES, ENTRY)})
    session.from_arrow(entries, "entries")
    return session


@pytest.fixture(scope="module")
def tree():
    return Built(pa.array([slow_merkle.leaf(entry) for entry in ENTRIES], HASH))


def register(engine, function, takes, gives, name):
    engine.register_udf(datafusion.udf(function, takes, gives, "immutable", name=name))


def test_leaf_hashes_are_a_function_of_the_engine(engine, tree):
    register(engine, batches.leaf_hashes, [ENTRY], HASH, "leaf_hash")
    found = engine.sql("SELECT index, leaf_hash(entry) AS leaf FROM entries ORDER BY index").to_arrow_table()
    assert found["leaf"].type == HASH
    assert batches.tree_root(found["leaf"].combine_chunks()) == tree.root()


def test_leaf_hashes_of_values_of_any_length_are_too(engine):
    register(engine, batches.leaf_hashes, [pa.binary()], HASH, "leaf_hash_of_binary")
    hashed = "leaf_hash_of_binary(arrow_cast(entry, 'Binary'))"
    query = f"SELECT index, {hashed} AS leaf FROM entries WHERE index % 7 = 3 ORDER BY index"
    leaves = engine.sql(query).to_arrow_table()["leaf"].to_pylist()
    assert leaves == [slow_merkle.leaf(entry) for entry in ENTRIES[3::7]]


def test_the_verifier_is_a_function_of_the_engine(engine, tree):
    proofs = batches.inclusion_proofs(tree, range(0, COUNT, 3))
    wrong = proofs["leaf_hash"].to_pylist()
    wrong[5] = bytes(32)
    columns = [proofs["index"], proofs["tree_size"], pa.array(wrong, HASH), proofs["path"]]
    engine.from_arrow(pa.table(columns, schema=INCLUSION_PROOFS), "proofs")

    def holds(*columns):
        batch = pa.RecordBatch.from_arrays(list(columns), names=INCLUSION_PROOFS.names)
        return verifier.verify_inclusion(batch, tree.root(), size=COUNT, threads=1)

    register(engine, holds, INCLUSION_PROOFS.types, pa.bool_(), "holds")
    query = "SELECT index FROM proofs WHERE NOT holds(index, tree_size, leaf_hash, path)"
    assert engine.sql(query).to_arrow_table()["index"].to_pylist() == [15]


def test_proofs_are_made_and_verified_as_the_engine_streams(engine, tree):
    verified = 0
    for batch in engine.sql("SELECT index FROM entries WHERE index % 5 < 2").execute_stream():
        proofs = batches.inclusion_proofs(tree, batch.to_pyarrow()["index"], COUNT)
        verified += verifier.verify_inclusion(proofs, tree.root()).true_count
    assert verified == COUNT * 2 // 5
