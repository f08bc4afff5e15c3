"""The proofs benchmark: many inclusion proofs of a large tree in one HTTP request, from question to checked answer.

The ledger it is asked of has small statements that nobody signed: made in seconds, good for proofs, and no audit passes
it.
"""

import http.client
import io
import random
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from ledger.checking.statements import request_key
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.entry import Entry
from ledger.kernel.lineage import SEED_SIZE, packed_digest
from ledger.merkle import verifier
from ledger.recording.opening import Layout, layout, open_log, second_head
from ledger.store.protocol import NewRow, Stored, StoredHead
from schemas.arrow import WANTED_INDICES
from tools.bench.ingest import served
from tools.bench.ledger import OPERATOR, SMALL, create, small_statements

ARROW = "application/vnd.apache.arrow.stream"
_BATCH = 20_000  # entries inserted at once
_RUNS = 7


@dataclass(frozen=True, slots=True)
class ProofsFigure:
    """Seconds from sending the request to holding every proof as Arrow columns: the median of some requests, one first.

    `verify_seconds` is what checking all of them against the root takes afterwards, on all cores.
    """

    size: int
    proofs: int
    seconds: float
    answer_bytes: int
    verify_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_proofs(folder: Path, size: int, proofs: int) -> ProofsFigure:
    """Serve a ledger of `size` entries and ask for `proofs` at once. Raises RuntimeError for a bad answer."""
    places = layout(folder / "ledger")
    root = lengthen(places, create(places), size)
    dice = random.Random(1)  # noqa: S311  a sample, no secret
    wanted = [dice.randrange(size) for _ in range(proofs)]
    question = _question(wanted)
    with served(places, 1) as (port, _pid):
        asked = [_ask(port, size, question) for _ in range(_RUNS + 1)][1:]
    table, length = asked[-1][1:]
    started = time.perf_counter()
    good = sum(verifier.verify_inclusion(batch, root, size=size).true_count for batch in table.to_batches())
    verified = time.perf_counter() - started
    if good != proofs or table.column("index").to_pylist() != wanted:
        raise RuntimeError(f"{good} proofs of {proofs} hold, or they are not those that were asked for")
    return ProofsFigure(size, proofs, statistics.median(seconds for seconds, _, _ in asked), length, verified)


def lengthen(places: Layout, pem: bytes, size: int) -> bytes:
    """Add entries, against all rules, until there are `size`; the root."""
    with open_log(places) as log:
        head = log.state.published.checkpoint
        with log.store.writing() as transaction:
            new = _rows(small_statements(pem, head.size, size), head.size, log.state.last_leaf, log.state.last_time)
            while rows := list(islice(new, _BATCH)):
                transaction.insert(rows)
                log.tree.append([row.stored.leaf for row in rows])
            root = log.tree.root()
            transaction.move_head(StoredHead(head.size, head.root), StoredHead(size, root))
    second_head(places).swap(head, Checkpoint(head.origin, size, root))
    return root


def _rows(statements: Iterable[tuple[str, bytes]], first: int, previous: bytes, now: int) -> Iterator[NewRow]:
    seed = bytes(SEED_SIZE)
    lineage = packed_digest(seed, [])
    for index, (jti, jwt) in enumerate(statements, first):
        entry = Entry(index, now, previous, sha256(jwt).digest(), lineage)
        previous = entry.leaf
        stored = Stored(index, entry.packed, previous, SMALL, jwt, seed, b"")
        yield NewRow(stored, request_key(OPERATOR, jti), (), None)


def _question(wanted: list[int]) -> bytes:
    sink = io.BytesIO()
    batch = pa.record_batch([pa.array(wanted, pa.uint64())], schema=WANTED_INDICES)
    with ipc.new_stream(sink, WANTED_INDICES) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _ask(port: int, size: int, question: bytes) -> tuple[float, pa.Table, int]:
    """Seconds, the proofs, and the bytes of the answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        started = time.perf_counter()
        connection.request("POST", f"/v1/proofs?size={size}", question, {"Content-Type": ARROW, "Accept": ARROW})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"the server answered {answer.status}: {data[:500]!r}")
        table = ipc.open_stream(data).read_all()
        return time.perf_counter() - started, table, len(data)
