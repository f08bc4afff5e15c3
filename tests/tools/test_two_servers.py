"""Two servers, each a process of its own, on one PostgreSQL: one writes, and when it is killed the other does.

Nothing that was acknowledged is lost, nothing is there twice, and every checkpoint that either showed is an earlier
state of the last one.
"""

import json
import shutil
import signal
from base64 import b64decode
from functools import partial

import pytest
from processes import Server
from small_ledger import coil, small_ledger

from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.proofs import verify_consistency
from ledger.kernel.receipt import parse_receipt
from tests.eventually import eventually
from tests.whole import check_whole

ROUNDS = 3


@pytest.fixture
def pair(tmp_path, postgres):
    """A closed world and two servers of it, the first of which has started first."""
    place = postgres.place()
    with small_ledger(tmp_path, place=place) as world:
        pass
    servers = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(world.places.log_key, folder)
        shutil.copy(world.places.head, tmp_path / f"{name}.head")
        servers.append(Server(folder, place.writer))
    try:
        for server in servers:
            server.start()
        yield world, *servers
    finally:
        for server in servers:
            server.end(signal.SIGKILL)


def recorded(server, wire):
    """The receipt, or None while this server does not record."""
    status, headers, body = server.ask("POST", "/v1/statements", wire)
    if status == 503:
        assert int(headers["retry-after"]) >= 1
        return None
    assert status in {200, 201}, body
    return parse_receipt(body)


@pytest.mark.slow
def test_the_standby_reads_and_refuses_and_takes_over(pair):
    world, leader, standby = pair
    acknowledged, notes = [], []
    for number in range(ROUNDS):
        for n in range(5):
            wire = world.statement(world.plant, "lot-event", coil(f"C-{number}-{n}"))
            acknowledged.append(eventually(partial(recorded, leader, wire)))
        status, _, body = standby.ask("POST", "/v1/statements", wire)
        assert (status, json.loads(body)["code"]) == (503, "standby")
        eventually(lambda: standby.ask("GET", "/readyz")[0] == 200)  # noqa: B023  it ends before the next round
        index = acknowledged[-1].entry.index
        assert parse_receipt(standby.found(index)).entry == acknowledged[-1].entry
        notes += [leader.note, standby.note]
        leader.end(signal.SIGKILL)
        # What was under way and what was acknowledged: the retry with the same id finds the same entry.
        again = eventually(partial(recorded, standby, wire))
        assert again.entry == acknowledged[-1].entry
        leader.start()
        leader, standby = standby, leader
    _check_consistent(world, leader, notes)
    for server in (leader, standby):
        server.end(signal.SIGTERM)
    world.places.head.write_bytes((leader.folder.parent / f"{leader.folder.name}.head").read_bytes())
    world.reopen()
    check_whole(world, acknowledged)
    assert world.size == 3 + 5 * ROUNDS
    world.close()


def _check_consistent(world, server, notes):
    last, _ = open_checkpoint(server.note, world.trust.vkeys)
    for note in notes:
        old, _ = open_checkpoint(note, world.trust.vkeys)
        answer = json.loads(server.ask("GET", f"/v1/proofs/consistency/{old.size}/{last.size}")[2])
        path = [b64decode(one) for one in answer["path"]]
        verify_consistency(
            old_size=old.size, new_size=last.size, old_root=old.root, new_root=last.root, path=path
        )  # fmt: skip
