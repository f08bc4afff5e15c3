"""A served ledger whose second head's machine goes away: nothing is acknowledged meanwhile, everything is read."""

from base64 import b64decode

from served import serving_world
from small_ledger import coil, small_ledger

from ledger.kernel.entry import parse_entry
from tests.eventually import eventually
from tests.object_server import object_server
from tools.listening import free_port


def test_while_it_is_away_nothing_is_acknowledged_and_everything_is_read(tmp_path):
    with object_server(free_port()) as heads:
        with small_ledger(tmp_path, head=heads.url) as world:
            size = world.size
            wires = [world.statement(world.plant, "lot-event", coil(f"C-{n}")) for n in range(3)]
            world.close()
        port = heads.port
        served = serving_world(world, checkers=0)
        server = served.__enter__()
        assert server.post(wires[0]).status == 201
    try:
        refused = server.post(wires[1])
        assert (refused.status, refused.code) == (503, "outcome_unknown")
        assert "retry" in str(refused.json)
        assert server.ask("GET", f"/v1/proofs/inclusion/{size + 1}/0").status == 200
        ready = server.ask("GET", "/readyz")
        assert (ready.status, ready.json["second_head"]) == (503, False)
        assert f"the second head http://127.0.0.1:{port}" in ready.json["detail"]
        with object_server(port, heads):
            eventually(lambda: server.ask("GET", "/readyz").status == 200)
            receipt = server.post(wires[1])
            assert receipt.status in {200, 201}
            assert parse_entry(b64decode(receipt.json["entry"])).index == size + 1
            assert server.post(wires[2]).status == 201
            assert heads.text.split("\n")[1] == str(server.size) == str(size + 3)
    finally:
        served.__exit__(None, None, None)
