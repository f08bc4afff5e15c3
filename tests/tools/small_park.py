"""A small ledger for the tests of the tools: an operator, a plant, and what a server would answer."""

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from click.testing import CliRunner

from ledger.checking.statements import check
from ledger.kernel.errors import Refused
from ledger.kernel.keys import Signer, generate, load_signer
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.trust import parse_trust
from ledger.recording.log import Submission
from ledger.recording.opening import layout, open_log
from tests.eventually import SOON, eventually
from tools.client import Identity
from tools.init import Founding, found_ledger, trust_text
from tools.listening import free_port
from tools.main import cli
from tools.party import Hand, prove, small_profile
from tools.sign import fresh_id, now

URI = "https://ledger.example/one"
ORIGIN = "ledger.example/log"
OPERATOR = "(417)9521210000013"
PLANT = "(417)9521211000012"
SITE = "https://id.example/414/9521211000029"


@dataclass(frozen=True)
class SmallPark:
    """The ledger's files, who signs, and what readers believe."""

    folder: Path
    operator: Signer
    plant: Signer

    @property
    def places(self):
        return layout(self.folder)

    @property
    def trust(self):
        return parse_trust((self.folder / "trust.txt").read_bytes())

    @property
    def identity(self):
        return Identity(PLANT, URI, self.plant)

    def hand(self):
        return Hand(OPERATOR, URI, self.operator, now())

    def record(self, *wires):
        """The receipts, in order, as a server would answer them. Raises what they are refused with."""
        with open_log(self.places) as log:
            keys = log.state.registry.all_keys()
            checked = tuple(check(wire, audience=URI, keys=keys) for wire in wires)
            (outcome,) = log.append([Submission(checked)])
        if isinstance(outcome, Refused):
            raise outcome
        return [encode_receipt(receipt) for receipt in outcome.receipts]


def make_park(folder):
    """A ledger with one plant that may post lot events under the prefix 9521211."""
    park = SmallPark(folder, load_signer(generate()), load_signer(generate()))
    profile = small_profile(OPERATOR, "Operator", (), ())
    log_key = found_ledger(park.places, Founding(URI, ORIGIN, profile, park.operator, fresh_id(), now()), generate())
    (folder / "trust.txt").write_text(trust_text(ORIGIN, log_key), "ascii")
    site = {"id": "(414)9521211000029", "name": "Works", "country": "KZ", "zone": "KZ-N", "latitude": "52.3"}
    plant = small_profile(PLANT, "Plant", ("lot-event",), ("9521211",)) | {"sites": [site | {"longitude": "76.9"}]}
    first_key = {"party": PLANT, "add": [prove(park.plant, URI, PLANT)]}
    park.record(park.hand().signed("party", plant), park.hand().signed("key", first_key))
    return park


def slab(number, **members):
    """A slab is commissioned; each has its own number."""
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent",
        "action": "ADD",
        "bizStep": "commissioning",
        "eventTime": "2026-03-01T06:00:00.000Z",
        "eventTimeZoneOffset": "+05:00",
        "epcList": [f"https://id.example/01/09521211000012/21/SL{number}"],
        "readPoint": {"id": SITE},
        **members,
    }


def here(*args, **options):
    """Run the command in this process: what `coilmark` gives, sooner."""
    done = CliRunner().invoke(cli, [*map(str, args)], **options)
    return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout_bytes, stderr=done.stderr_bytes)


def coilmark(*args, **options):
    """Run the command in a process of its own, as a person does."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, "-m", "tools.main", *map(str, args)],
        env=environment, capture_output=True, check=False, timeout=800, **options,
    )  # fmt: skip


@contextmanager
def served(folder, *options):
    """A `coilmark serve` process: its address. It must end by itself, with exit code 0, when it is told to."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "tools.main", "serve", str(folder), "--port", str(port), *options]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: _ready(url, server))
            yield url
        finally:
            server.terminate()
            out, err = server.communicate(timeout=SOON)
        assert (server.returncode, err) == (0, b""), (server.returncode, out, err)
        assert out.count(b"\n") == 1


def _ready(url, server):
    assert server.poll() is None, server.communicate()
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=SOON):
            return True
    except OSError:
        return False


def as_json(data):
    return json.loads(data)
