"""A mill's coils B-1 and B-2 on their way to a customer, and a server that shows everybody everything."""

import sys
from contextlib import contextmanager
from pathlib import Path

from small_ledger import ROLLING, pem

sys.path.extend(str(Path(__file__).parents[1] / name) for name in ("api", "passport", "audit"))
from served import serving_world
from small_mill import CUSTOMER, pallet, piece, small_mill

from ledger.kernel.gs1 import canonical_id
from ledger.passport.codes import path_of

COIL, OTHER = canonical_id(piece("B-1")), canonical_id(piece("B-2"))


@contextmanager
def served_park(folder, **settings):
    """In this process, on a port of its own."""
    with small_mill(folder) as mill:
        mill.make_coils("B")
        mill.pack(ROLLING, pallet(), piece("B-1"), piece("B-2"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X")
    key = folder / "operator.key"
    key.write_bytes(pem("operator"))
    with serving_world(mill.world, **{"checkers": 0, "open": True, "operator_key": key, **settings}) as served:
        yield served


def address_of(served, coil=COIL):
    """Where its label leads."""
    return f"http://127.0.0.1:{served.port}{path_of(coil)}"


def proof_of(served, coil=COIL, kind="short"):
    """The bundle that its page fetches."""
    _, _, gtin, _, serial = path_of(coil).split("/")
    return served.ask("GET", f"/v1/coils/{gtin}/{serial}/bundle?kind={kind}").body
