"""Arrow streams that mean harm: each is refused with a sentence, and none does any."""

import json
import os
import random
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import mutated_streams
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.errors import Malformed, TooLarge
from ledger.merkle import batches, hostile
from ledger.merkle.built import Built
from ledger.merkle.flatbuffer import is_compressed, is_little_endian
from schemas.arrow import HASH, INCLUSION_PROOFS, LEAVES
from tests.examples import examples

FUZZ = "COILMARK_FUZZ" in os.environ  # else the same in every run
MUTATED = 20_000 if FUZZ else 4_000
HASHES = [bytes([n]) * 32 for n in range(5)]


def leaves(**columns):
    given = {"index": pa.array(range(5), pa.uint64()), "leaf": pa.array(HASHES, HASH)} | columns
    return pa.RecordBatch.from_arrays(list(given.values()), names=list(given))


def stream(batch, rows=1000, **options):
    return mutated_streams.written(batch, rows, **options)


def refused(data, schema=LEAVES, kind=Malformed, **limits):
    with pytest.raises(kind) as caught:
        hostile.read_stream(data, schema, **limits)
    return caught.value.code, caught.value.sentence


@pytest.mark.parametrize("rows", [1, 2, 5, 1000])
def test_our_own_streams_are_taken(rows):
    batch = leaves()
    taken = hostile.read_stream(stream(batch, rows), LEAVES)
    assert taken.schema.equals(LEAVES, check_metadata=True)
    assert taken.to_pydict() == batch.to_pydict()
    proofs = batches.inclusion_proofs(Built(pa.array(HASHES, HASH)), range(5))
    assert hostile.read_stream(stream(proofs, rows), INCLUSION_PROOFS) == proofs


def test_a_stream_without_rows_is_taken():
    assert hostile.read_stream(stream(leaves().slice(0, 0)), LEAVES).num_rows == 0
    assert hostile.read_stream(stream(leaves().slice(0, 0), 1), LEAVES).num_rows == 0


def test_limits_name_themselves_and_what_was_seen():
    data = stream(leaves(), 1)
    assert refused(data, kind=TooLarge, most_bytes=len(data) - 1) == (
        "arrow_size",
        f"the Arrow stream has {len(data)} bytes, the most is {len(data) - 1}",
    )
    assert refused(data, kind=TooLarge, most_rows=4) == ("arrow_rows", "the Arrow stream has more than 4 rows")
    assert hostile.read_stream(data, LEAVES, most_bytes=len(data), most_rows=5).num_rows == 5


def test_many_small_batches_are_refused(monkeypatch):
    monkeypatch.setattr("ledger.merkle.hostile.BATCHES", 5)
    assert hostile.read_stream(stream(leaves(), 1), LEAVES).num_rows == 5
    monkeypatch.setattr("ledger.merkle.hostile.BATCHES", 4)
    assert refused(stream(leaves(), 1), kind=TooLarge)[0] == "arrow_batches"


@pytest.mark.parametrize(
    "columns",
    [
        {"leaf": pa.array(HASHES, pa.binary())},
        {"leaf": pa.array([h[:31] for h in HASHES], pa.binary(31))},
        {"leaf": pa.array(HASHES, HASH).dictionary_encode()},
        {"index": pa.array(range(5), pa.int64())},
        {"index": pa.array(range(5), pa.uint32())},
        {"index": pa.array(range(5), pa.timestamp("us"))},
        {"index": pa.nulls(5)},
        {"more": pa.array(range(5))},
        {"leaf": pa.array([[h] for h in HASHES], pa.list_(HASH))},
        {"leaf": pa.array([{"a": h} for h in HASHES])},
        {"leaf": pa.RunEndEncodedArray.from_arrays(pa.array([5], pa.int32()), pa.array(HASHES[:1], HASH))},
    ],
    ids=lambda columns: f"{next(iter(columns))}: {next(iter(columns.values())).type}"[:40],
)
def test_other_columns_are_refused(columns):
    code, sentence = refused(stream(leaves(**columns)))
    assert code == "arrow_schema"
    assert "want index: uint64, leaf: fixed_size_binary[32]" in sentence or "dictionary" in sentence


def test_columns_in_another_order_or_of_another_name_are_refused():
    assert refused(stream(leaves().select(["leaf", "index"])))[0] == "arrow_schema"
    assert refused(stream(leaves().rename_columns(["index", "leaf_hash"])))[0] == "arrow_schema"
    assert refused(stream(leaves().rename_columns(["index", "index"])))[0] == "arrow_schema"
    assert refused(stream(leaves().select([])))[0] == "arrow_schema"


@pytest.mark.parametrize("name", ["arrow.uuid", "arrow.json", "arrow.py_extension_type", "coilmark.unknown"])
def test_extension_types_are_refused_and_run_no_code(name, tmp_path):
    canary = tmp_path / "canary"
    pickled = b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    said = {"ARROW:extension:name": name, "ARROW:extension:metadata": pickled}
    schema = pa.schema([LEAVES.field("index"), LEAVES.field("leaf").with_metadata(said)])
    code, _ = refused(stream(pa.RecordBatch.from_arrays(leaves().columns, schema=schema)))
    assert code in {"arrow_schema", "arrow"}
    assert not canary.exists()


def test_an_extension_type_within_a_list_is_refused():
    proofs = batches.inclusion_proofs(Built(pa.array(HASHES, HASH)), range(5))
    inner = pa.field("hash", HASH, nullable=False, metadata={"ARROW:extension:name": "coilmark.unknown"})
    schema = INCLUSION_PROOFS.set(3, pa.field("path", pa.list_(inner), nullable=False))
    data = stream(
        pa.RecordBatch.from_arrays([*proofs.columns[:3], proofs["path"].cast(pa.list_(inner))], schema=schema)
    )
    assert refused(data, INCLUSION_PROOFS)[0] == "arrow_schema"


def test_nulls_are_refused():
    code, sentence = refused(stream(leaves(index=pa.array([0, None, 2, None, 4], pa.uint64()))))
    assert (code, sentence) == ("arrow_nulls", "the column index has 2 nulls, it takes none")
    kind = INCLUSION_PROOFS.field("path").type
    holed = pa.array([[HASHES[0], None]], pa.list_(HASH))
    values = pa.Array.from_buffers(kind, 1, holed.buffers()[:2], children=[holed.values])
    columns = [pa.array([0], pa.uint64()), pa.array([3], pa.uint64()), pa.array(HASHES[:1], HASH), values]
    data = stream(pa.RecordBatch.from_arrays(columns, names=INCLUSION_PROOFS.names))
    assert refused(data, INCLUSION_PROOFS) == ("arrow_nulls", "the column path has 1 nulls, it takes none")


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_compressed_streams_are_refused_before_they_are_opened(compression):
    assert refused(stream(leaves(), compression=compression))[0] == "arrow_compressed"


def test_a_bomb_is_refused_without_the_memory_it_asks_for():
    zeros = pa.array([bytes(32)] * 400_000, HASH)
    bomb = stream(leaves(index=pa.array([0] * 400_000, pa.uint64()), leaf=zeros), 10**6, compression="zstd")
    assert len(bomb) < 100_000
    before = pa.default_memory_pool().max_memory()
    assert refused(bomb)[0] == "arrow_compressed"
    assert pa.default_memory_pool().max_memory() == before


def test_bytes_of_the_other_order_are_refused():
    messages = pa.ipc.MessageReader.open_stream(pa.BufferReader(stream(leaves())))
    assert is_little_endian(messages.read_next_message().metadata.to_pybytes())
    schema = big_endian_schema()
    assert not is_little_endian(schema)
    prefix = b"\xff\xff\xff\xff" + struct.pack("<i", len(schema))
    code, sentence = refused(prefix + schema + bytes(8))
    assert (code, sentence) == ("arrow_schema", "the Arrow stream is big-endian, taken is little-endian")


def big_endian_schema():
    """A Message of version 5 with a Schema without fields, big-endian, by hand."""
    message_vtable = struct.pack("<HHHHHH", 12, 20, 18, 17, 8, 0)  # version, header type, header, body length
    message = struct.pack("<iI", 12, 0) + bytes(9) + b"\x01" + struct.pack("<h", 4)
    schema_vtable = struct.pack("<HHHH", 8, 12, 10, 4)  # endianness, fields
    schema = struct.pack("<iI", 8, 8) + struct.pack("<hh", 0, 1)
    head = struct.pack("<I", 16) + message_vtable + message
    start = len(head) + len(schema_vtable)
    body = bytearray(head + schema_vtable + schema + struct.pack("<I", 0))
    header_slot = 16 + 8
    body[header_slot : header_slot + 4] = struct.pack("<I", start - header_slot)
    return bytes(body) + bytes(-len(body) % 8)


@examples(300)
@given(st.binary(max_size=200))
def test_headers_are_read_within_their_bytes_or_not_at_all(data):
    for read in (is_compressed, is_little_endian):
        with suppress(ValueError):
            assert read(data) in {True, False}


@pytest.mark.parametrize(
    ("header", "position"),
    [(b"", 0), (struct.pack("<I", 90), 90), (struct.pack("<Ii", 4, 100) + bytes(200), -96), (bytes(3), 0)],
)
def test_a_header_that_points_out_of_itself_is_not_followed(header, position):
    with pytest.raises(ValueError, match=f"position {position} lies outside of the message's {len(header)} bytes"):
        is_compressed(header)


@pytest.mark.parametrize("cut", [1, 4, 8, 16, 100])
def test_a_stream_that_lost_its_end_is_refused(cut):
    assert refused(stream(leaves())[:-cut])[0] == "arrow"


def test_a_stream_that_ends_between_two_batches_is_refused():
    whole = stream(leaves(), 2)
    first = len(stream(leaves().slice(0, 2), 2)) - 8
    assert whole[:first] == stream(leaves().slice(0, 2), 2)[:-8]
    assert refused(whole[:first])[0] == "arrow"


def test_bytes_behind_the_end_are_refused():
    for more in (b"\0", b"\xff\xff\xff\xff\0\0\0\0", stream(leaves())):
        assert refused(stream(leaves()) + more)[0] == "arrow"


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 64, b"ARROW1\0\0", b"{}", bytes(1000)])
def test_what_is_no_stream_is_refused(data):
    assert refused(data)[0] == "arrow"


@pytest.mark.parametrize("offset", [-1, 0, 2, 2**30])
def test_edited_offsets_are_refused(offset):
    proofs = batches.inclusion_proofs(Built(pa.array(HASHES, HASH)), range(5))
    data = stream(proofs)
    offsets = proofs["path"].offsets.buffers()[1].to_pybytes()[:24]
    assert data.count(offsets) == 1
    edited = data.replace(offsets, offsets[:8] + struct.pack("<i", offset) + offsets[12:])
    assert refused(edited, INCLUSION_PROOFS)[0] == "arrow"


def run_child(*arguments):
    child = Path(mutated_streams.__file__)
    paths = os.pathsep.join([str(child.parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, str(child), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_mutated_streams_crash_nothing():
    run = run_child(random.randrange(2**32) if FUZZ else 1, MUTATED)
    assert run.returncode == 0, f"{run.args}: {run.returncode}\n{run.stderr}"
    outcomes = json.loads(run.stdout)
    assert sum(outcomes.values()) == MUTATED
    assert outcomes["taken"] > MUTATED / 20
    assert outcomes["arrow"] > MUTATED / 20
