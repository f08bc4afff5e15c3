"""Many write, many look: nobody sees a head go back, and any two heads that anybody saw are states of one log."""

import random
import threading
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from served import serving_world
from small_ledger import coil, small_ledger

from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.proofs import verify_consistency, verify_inclusion
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.tlog_proof import parse_tlog_proof

WRITERS, POLLERS, WRITTEN, PAIRS = 4, 6, 300, 100


@dataclass
class Crowd:
    """Who writes and who looks; `seen` has what each was shown, in order."""

    served: object
    wires: object
    seen: list = field(default_factory=lambda: [[] for _ in range(WRITERS + POLLERS)])
    receipts: list = field(default_factory=list)
    lock: object = field(default_factory=threading.Lock)

    def run(self):
        """Look until all is written."""
        with ThreadPoolExecutor(WRITERS + POLLERS) as threads:
            writing = [threads.submit(self.write, mine) for mine in self.seen[:WRITERS]]
            looking = [threads.submit(self.look, mine, writing) for mine in self.seen[WRITERS:]]
        for ended in writing + looking:
            ended.result()

    def write(self, mine):
        while wire := self.next_wire():
            receipt = parse_receipt(self.served.post(wire).body)
            self.receipts.append(receipt)
            mine.append(self.opened(parse_tlog_proof(receipt.proof).checkpoint))

    def next_wire(self):
        with self.lock:
            return next(self.wires, None)

    def look(self, mine, writing):
        while not all(writer.done() for writer in writing):
            mine.append(self.opened(self.served.ask("GET", "/checkpoint").body.decode()))

    def opened(self, note):
        return open_checkpoint(note, self.served.world.trust.vkeys)[0]

    def path(self, kind, size, other):
        answer = self.served.ask("GET", f"/v1/proofs/{kind}/{size}/{other}")
        assert answer.status == 200
        return [b64decode(node) for node in answer.json["path"]]


@pytest.fixture
def crowd(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        pass
    wires = iter([world.statement(world.plant, "lot-event", coil(f"C-{n}")) for n in range(WRITTEN)])
    with serving_world(world, database=world.places.url, checkers=0) as served:
        yield Crowd(served, wires)


@pytest.mark.slow
def test_heads_go_forward_and_agree(crowd):
    crowd.run()
    for mine in crowd.seen:
        assert [head.size for head in mine] == sorted(head.size for head in mine)
    every = {head for mine in crowd.seen for head in mine}
    heads = sorted(every, key=lambda head: head.size)
    assert len({head.size for head in heads}) == len(heads) > 5  # one root a size
    pairs = [*pairwise(heads), *(sorted(random.sample(heads, 2), key=lambda head: head.size) for _ in range(PAIRS))]
    for old, new in pairs:
        path = crowd.path("consistency", old.size, new.size)
        verify_consistency(old_size=old.size, new_size=new.size, old_root=old.root, new_root=new.root, path=path)
    size, root = heads[-1].size, heads[-1].root
    for entry in random.sample([receipt.entry for receipt in crowd.receipts], min(PAIRS, len(crowd.receipts))):
        assert entry.index < size  # its own receipt says so
        path = crowd.path("inclusion", size, entry.index)
        verify_inclusion(index=entry.index, size=size, leaf=entry.leaf, root=root, path=path)
