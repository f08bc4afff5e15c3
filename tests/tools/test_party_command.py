"""What each `party` command signs, and what is posted with it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from small_park import OPERATOR, PLANT, URI, coilmark, here, make_park, served, slab

from ledger.kernel.errors import Conflict, RuleBroken, Unauthorised
from ledger.kernel.keys import load_signer
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.statement import parse
from ledger.recording.opening import open_log
from tools.main import cli

ROOT = Path(__file__).resolve().parents[2]
PROCESS = f"{PLANT}/casting"


@pytest.fixture
def park(tmp_path):
    return make_park(tmp_path / "ledger")


@pytest.fixture
def keys(park, tmp_path):
    """The operator's and the plant's private keys, as files."""
    for name, signer in (("operator", park.operator), ("plant", park.plant)):
        private = signer.sign.__self__
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (tmp_path / f"{name}.pem").write_bytes(pem)
    return tmp_path


def run(*args, **options):
    """The command in this process; what it printed."""
    done = CliRunner().invoke(cli, [*map(str, args)], **options)
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done.stdout_bytes


def wires(stdout):
    return stdout.split()


def proof_of(folder, name, party=PLANT):
    """A new key and what `party prove` prints for it."""
    run("keygen", folder / f"{name}.pem")
    out = run("party", "prove", "--key", folder / f"{name}.pem", "--party", party, "--aud", URI)
    (folder / f"{name}.json").write_bytes(out)
    return folder / f"{name}.json"


def test_posting_again_from_standard_input_gives_the_same_entries(park, keys):
    statements = b"".join(
        run("sign", "--typ", "lot-event", "--iss", PLANT, "--aud", URI, "--key", keys / "plant.pem",
            input=json.dumps(slab(n)).encode())
        for n in range(3)
    )  # fmt: skip
    with served(park.folder) as url:
        asked = run("post", "--to", url, "--check", input=statements)
        assert asked == b"3 statements: recordable\n"
        first = run("post", "--to", url, "--json", "--receipts", keys / "receipts", input=statements)
        asked = run("post", "--to", url, "--check", input=statements)
        assert asked == b"3 statements: recorded\n"
        second = run("post", "--to", url, "--json", input=statements)
        clash = run(
            "sign", "--typ", "lot-event", "--iss", PLANT, "--aud", URI, "--key", keys / "plant.pem",
            input=json.dumps(slab(2, disposition="active")).encode(),
        )  # fmt: skip
        refused = coilmark("post", "--to", url, "--json", input=clash)
    entries = [[parse_receipt(line).entry.index for line in lines.splitlines()] for lines in (first, second)]
    assert entries == [[3, 4, 5], [3, 4, 5]]
    assert sorted(path.name for path in (keys / "receipts").iterdir()) == [f"{n:012d}.json" for n in (3, 4, 5)]
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["code"] == "subject_exists"


def test_a_server_that_is_not_there_is_a_wrong_call():
    done = here("post", "--to", "http://127.0.0.1:9", "--tries", "1", input=b"x~\n")
    assert done.returncode == 2
    assert b"does not answer" in done.stderr
    assert here("post", "--to", "ftp://x", "--tries", "1", input=b"x~\n").returncode == 2
    assert here("post", "--to", "http://127.0.0.1:9", input=b"").stderr == b"coilmark: there is no statement to post\n"


def test_add_a_key_then_end_the_old_one(park, keys):
    own = ("--iss", PLANT, "--aud", URI)
    proof = proof_of(keys, "second")
    park.record(*wires(run("party", "add-key", "--proof", proof, *own, "--key", keys / "plant.pem")))
    old = park.plant.key.kid
    (end,) = wires(
        run("party", "end-key", "--kid", old, "--reason", "rotated", "--disputed-from", "4", *own,
            "--key", keys / "second.pem")
    )  # fmt: skip
    assert parse(end).body == {"party": PLANT, "end": [{"kid": old, "reason": "rotated", "disputed_from": 4}]}
    (itself,) = wires(run("party", "end-key", "--kid", old, "--reason", "rotated", *own, "--key", keys / "plant.pem"))
    with pytest.raises(RuleBroken, match="cannot end itself"):
        park.record(itself)
    late = run("sign", "--typ", "lot-event", *own, "--key", keys / "plant.pem", input=json.dumps(slab(1)).encode())
    park.record(*wires(late))
    park.record(end)
    with pytest.raises(Unauthorised, match="is good for entries after 2 and before 5"):
        park.record(*wires(run("party", "add-key", "--proof", proof, *own, "--key", keys / "plant.pem")))


def test_only_the_operator_recovers_and_it_shows(park, keys):
    proof = proof_of(keys, "new")
    old = park.plant.key.kid
    recover = ("party", "recover", "--party", PLANT, "--proof", proof, "--end", old, "--aud", URI)
    (wire,) = wires(run(*recover, "--iss", OPERATOR, "--key", keys / "operator.pem"))
    assert parse(wire).body["recovery"] is True
    park.record(wire)
    with open_log(park.places) as log:
        party = log.state.registry.party(PLANT)
    fresh = load_signer((keys / "new.pem").read_bytes()).key.kid
    assert (party.keys[old].reason, party.keys[fresh].recovery) == ("lost", True)
    with pytest.raises(Conflict, match="was enrolled before"):
        park.record(
            *wires(run("party", "add-key", "--proof", proof, "--iss", PLANT, "--aud", URI, "--key", keys / "new.pem"))
        )


@pytest.mark.slow
def test_a_profile_file_registers_processes_and_an_update_replaces_it(park, keys):
    profile = {
        "id": PLANT, "name": "Plant", "roles": ["lot-event"], "prefixes": ["9521211"],
        "sites": [{"id": "(414)9521211000029", "name": "Works", "country": "KZ", "zone": "KZ-N",
                   "latitude": "52.3", "longitude": "76.9"}],
        "processes": [{"id": PROCESS, "kind": "casting", "site": "(414)9521211000029"}],
    }  # fmt: skip
    (keys / "plant.json").write_text(json.dumps(profile))
    used = slab(
        7,
        **{
            "@context": [slab(7)["@context"][0], {"al": "https://coilmark.org/ns/al/1/"}],
            "al:process": PROCESS,
            "al:start": "2026-03-01T05:00:00+05:00",
        },
    )
    event = run(
        "sign", "--typ", "lot-event", "--iss", PLANT, "--aud", URI, "--key", keys / "plant.pem",
        input=json.dumps(used).encode(),
    )  # fmt: skip
    with pytest.raises(RuleBroken, match=r"process .*/casting is not known to this ledger"):
        park.record(*wires(event))
    signing = ("--iss", OPERATOR, "--aud", URI, "--key", keys / "operator.pem")
    with served(park.folder) as url:
        printed = run("party", "enrol", keys / "plant.json", *signing, "--post", url)
    assert printed.split()[:3] == [b"3", b"party", OPERATOR.encode()]
    park.record(*wires(event))


def test_a_proof_is_for_one_party(keys):
    proof = proof_of(keys, "other")
    done = here(
        "party", "enrol", "--id", "(417)9521219000007", "--name", "Mill", "--proof", proof,
        "--iss", OPERATOR, "--aud", URI, "--key", keys / "operator.pem",
    )  # fmt: skip
    assert done.returncode == 1
    assert f"proves a key of {PLANT}, not of (417)9521219000007" in done.stderr.decode()


def test_tokens_are_shown_once_listed_and_revoked(park):
    secret = run("token", "issue", park.folder, "--party", PLANT, "--label", "MES").decode().strip()
    auditor = json.loads(run("token", "issue", park.folder, "--auditor", "--json"))
    listed = json.loads(run("token", "list", park.folder, "--json"))
    assert {one["scope"]: one["party"] for one in listed} == {"party": PLANT, "auditor": ""}
    assert secret not in json.dumps(listed)
    assert auditor["token"] not in json.dumps(listed)
    run("token", "revoke", park.folder, auditor["id"])
    lines = run("token", "list", park.folder).decode().splitlines()
    assert sorted("revoked" in line for line in lines) == [False, True]
    (good,) = (line for line in lines if "revoked" not in line)
    assert PLANT in good
    assert good.endswith("good  MES")
    assert here("token", "revoke", park.folder, "0" * 16).returncode == 2
    assert here("token", "issue", park.folder).returncode == 2
    assert here("token", "list", park.folder / "nowhere").returncode == 2
