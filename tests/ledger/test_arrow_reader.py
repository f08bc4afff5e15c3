"""Arrow is read in a process of its own: whatever brings that down, one request is refused and the next is answered."""

import io
import multiprocessing
import os
import signal
import struct
import threading

import pyarrow as pa
import pytest

from ledger.checking import arrow_reader
from ledger.checking.arrow_reader import ArrowReader, Column
from ledger.checking.worker import confine
from ledger.kernel.errors import Busy, Malformed
from schemas.arrow import WANTED_INDICES, WANTED_LEAVES
from tests.eventually import SOON
from tests.tiers import first


def stream(schema, values):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([pa.array(values, schema.types[0])], schema=schema))
    return sink.getvalue()


def segfaults(_data):
    os.kill(os.getpid(), signal.SIGSEGV)


def aborts(_data):
    os.abort()


def eats(_data):
    confine(arrow_reader._MEMORY)
    bytearray(arrow_reader._MEMORY)


def is_killed(_data):
    os.kill(os.getpid(), signal.SIGKILL)


def never_answers(_data):
    threading.Event().wait(SOON)


DEATHS = [segfaults, aborts, eats, is_killed, never_answers]


@pytest.fixture
def reader():
    made = ArrowReader(60)
    yield made
    made.stop()


def test_what_it_reads_is_plain_bytes(reader):
    assert reader.wanted(stream(WANTED_INDICES, [3, 2**64 - 1])) == Column("index", struct.pack("<2Q", 3, 2**64 - 1))
    assert reader.wanted(stream(WANTED_LEAVES, [b"a" * 32, b"b" * 32])) == Column("leaf", b"a" * 32 + b"b" * 32)
    assert reader.wanted(stream(WANTED_LEAVES, [])) == Column("leaf", b"")
    with pytest.raises(Malformed, match="no Arrow stream"):
        reader.wanted(b"ARROW1")


@pytest.mark.parametrize("death", first(DEATHS))
def test_a_stream_that_ends_its_reader_costs_itself_alone(death, monkeypatch):
    monkeypatch.setattr(arrow_reader, "_read_wanted", death)
    reader = ArrowReader(seconds=60 if death is not never_answers else 1)
    with pytest.raises(Busy, match="ended, or took too long") as caught:
        reader.wanted(b"")
    assert (caught.value.code, caught.value.retry_after) == ("arrow_unread", 1)
    monkeypatch.undo()
    reader._seconds = 60
    assert reader.wanted(stream(WANTED_INDICES, [7])).values == struct.pack("<Q", 7)
    reader.stop()


def test_a_reader_that_died_of_something_else_is_not_noticed(reader):
    assert reader.wanted(stream(WANTED_INDICES, [7])).name == "index"
    os.kill(reader._worker.process.pid, signal.SIGKILL)
    reader._worker.process.join(SOON)
    assert reader.wanted(stream(WANTED_INDICES, [8])).values == struct.pack("<Q", 8)


def test_it_ends_with_its_server():
    before = {child.pid for child in multiprocessing.active_children()}
    reader = ArrowReader(60)
    reader.wanted(stream(WANTED_INDICES, [7]))
    reader.stop()
    assert {child.pid for child in multiprocessing.active_children()} <= before
