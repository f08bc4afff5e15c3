"""One mutated segment of an export, under a manifest that names its hash: what its reader says, in a worker process."""

import random
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.audit.segments import Manifest, Segment, read_segment
from ledger.checking.worker import confine
from ledger.kernel.errors import CoilmarkError
from tests.merkle.mutated_streams import mutated


@dataclass(frozen=True)
class Mutation:
    seed: int
    form: str
    data: bytes
    count: int


def read(mutation):
    """ "taken", or the code of the refusal."""
    confine(4 << 30)
    data = mutated(random.Random(mutation.seed), mutation.data)
    with tempfile.TemporaryDirectory() as folder:
        name = f"{0:012d}.{mutation.form}"
        (Path(folder) / name).write_bytes(data)
        segment = Segment(name, 0, mutation.count, sha256(data).hexdigest())
        try:
            read_segment(Path(folder), Manifest("", mutation.form, True, "", (segment,)), segment)
        except (CoilmarkError, OSError) as error:
            return error.code if isinstance(error, CoilmarkError) else "unreadable"
        return "taken"


def lost(_mutation):
    return "brought down"
