"""A child process that reads mutated Arrow streams: a crash ends it, and whoever started it sees how.

    python mutated_streams.py SEED COUNT

writes a line of JSON: how many were taken, how many refused by which code.
"""

import io
import json
import random
import resource
import sys
from collections import Counter

import pyarrow as pa

from ledger.kernel.errors import Refused
from ledger.merkle import batches, hostile, verifier
from ledger.merkle.built import Built
from schemas.arrow import INCLUSION_PROOFS, LEAVES, WANTED_INDICES, WANTED_LEAVES

NUMBERS = [0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 127, 128, 255, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40]
NUMBERS += [2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64 - 8, 2**64 - 32]


def streams():
    leaves = batches.leaf_hashes(pa.array([bytes([n]) for n in range(40)], pa.binary()))
    tree = Built(leaves)
    proofs = batches.inclusion_proofs(tree, range(40))
    rows = pa.RecordBatch.from_arrays([pa.array(range(40), pa.uint64()), leaves], schema=LEAVES)
    for batch in (rows, proofs):
        for pieces in (1, 3):
            yield (batch.schema,), written(batch, 40 // pieces)
    for name in ("index", "leaf"):  # as the door for proofs takes them
        yield (WANTED_INDICES, WANTED_LEAVES), written(rows.select([name]), 40)
    yield (proofs.schema,), written(proofs, 40, compression="zstd")
    yield (proofs.schema,), written(proofs, 40, compression="lz4")
    yield (LEAVES,), written(with_dictionary(rows), 40)


def with_dictionary(rows):
    columns = [rows["index"], rows["leaf"].dictionary_encode()]
    return pa.RecordBatch.from_arrays(columns, names=["index", "leaf"])


def written(batch, rows, **options):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for start in range(0, batch.num_rows, rows):
            writer.write_batch(batch.slice(start, rows))
    return sink.getvalue()


def mutated(dice, data):
    data = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        how = dice.randrange(12)
        at = dice.randrange(len(data) // 4) * 4
        if how < 5:  # one number becomes another
            width = dice.choice([1, 2, 4, 8])
            number = (dice.choice(NUMBERS) + dice.choice([0, 0, 1, -1])) % 2 ** (8 * width)
            data[at : at + width] = number.to_bytes(width, "little")
        elif how < 8:  # one bit turns
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        elif how == 8:  # the end is lost
            del data[dice.randrange(len(data)) :]
        elif how == 9:  # a run is lost
            del data[at : at + dice.choice([1, 4, 8, 32])]
        elif how == 10:  # a run comes twice
            run = data[at : at + dice.choice([4, 8, 64, 512])]
            data[at:at] = run
        else:  # a run becomes another
            run = dice.randbytes(dice.choice([1, 4, 8, 64]))
            data[at : at + len(run)] = run
        if len(data) < 4:
            return bytes(data)
    return bytes(data)


def use(batch):
    """Everything that is done with a batch that was taken."""
    batch.to_pylist()
    if batch.schema.equals(INCLUSION_PROOFS):
        verifier.verify_inclusion(batch, bytes(32))
        verifier.inclusion_results(batch.slice(0, 5), bytes(32), size=40)
    elif "leaf" in batch.schema.names:
        batches.leaf_hashes(batch["leaf"])
        batches.find_leaves(Built(batch["leaf"]), batch["leaf"])


def main(seed, count):
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    dice, good = random.Random(seed), list(streams())
    outcomes = Counter()
    for _ in range(count):
        schemas, data = dice.choice(good)
        try:
            use(hostile.read_stream(mutated(dice, data), *schemas))
            outcomes["taken"] += 1
        except Refused as refusal:
            outcomes[refusal.code] += 1
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
