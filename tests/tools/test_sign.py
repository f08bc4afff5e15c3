import json

import pytest
from click.testing import CliRunner

from ledger.kernel.keys import ES256, generate, load_signer
from ledger.kernel.statement import check_complete, check_signature, parse
from tools.main import cli

ISS = "(417)9521210000013"
AUD = "https://ledger.example/one"
BODY = {"a": {"b~/c": [1, {"d": "deep"}]}, "note": "for people", "plain": True}


@pytest.fixture(params=["Ed25519", ES256])
def key(request, tmp_path):
    path = tmp_path / "plant.pem"
    path.write_bytes(generate(request.param))
    return path


def sign(key, body, *more, typ="heads"):
    options = ["sign", "--typ", typ, "--iss", ISS, "--aud", AUD, "--key", str(key), *more]
    return CliRunner().invoke(cli, options, input=body if isinstance(body, bytes) else json.dumps(body))


def test_signs_what_parse_reads_and_the_key_verifies(key):
    run = sign(key, BODY, "--jti", "urn:plant:4711", "--iat", "1772456700")
    assert run.exit_code == 0
    statement = parse(run.stdout.rstrip("\n").encode())
    check_complete(statement)
    check_signature(statement, load_signer(key.read_bytes()).key)
    assert (statement.typ, statement.iss, statement.aud) == ("heads", ISS, AUD)
    assert (statement.jti, statement.iat, statement.body) == ("urn:plant:4711", 1772456700, BODY)


def test_every_statement_gets_an_id_of_its_own(key):
    first, second = (parse(sign(key, {}).stdout.strip().encode()).jti for _ in range(2))
    assert first.startswith("urn:uuid:")
    assert first != second


def test_hidden_values_become_disclosures_inner_ones_too(key):
    run = sign(
        key, BODY, "--hide", "/note", "--hide", "/a/b~0~1c/1/d", "--hide", "/a/b~0~1c/1", "--hide", "/a/b~0~1c/0"
    )
    assert run.exit_code == 0, run.output
    wire = run.stdout.strip().encode()
    assert parse(wire).body == BODY
    assert len(parse(wire).disclosures) == 4
    shown = parse(wire.split(b"~")[0] + b"~")
    assert shown.body == {"a": {"b~/c": []}, "plain": True}
    assert shown.withheld == 3


@pytest.mark.parametrize(
    ("pointer", "sentence"),
    [
        ("note", "'note' is no JSON pointer into the body: it begins with a slash"),
        ("/nothing", "the body has nothing at /nothing"),
        ("/a/b~0~1c/2", "the body has nothing at /a/b~0~1c/2"),
        ("/a/b~0~1c/-1", "the body has nothing at /a/b~0~1c/-1"),
        ("/note/x", "the body has nothing at /note/x"),
    ],
)
def test_a_pointer_to_nothing_is_refused(key, pointer, sentence):
    run = sign(key, BODY, "--hide", pointer)
    assert (run.exit_code, run.stdout) == (1, "")
    assert run.stderr == f"coilmark: {sentence}\n"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"a":1,"a":2}', 'body: the key "a" occurs more than once'),
        (b"[]", "a body is a JSON object"),
        (b'{"a":1e3}', "the number 1e3 has an exponent"),
    ],
)
def test_a_body_that_a_ledger_would_not_take_is_not_signed(key, body, sentence):
    run = sign(key, body)
    assert (run.exit_code, run.stdout) == (1, "")
    assert sentence in run.stderr


@pytest.mark.parametrize("options", [["--typ", "no-such"], ["--key", "nowhere.pem"]])
def test_a_wrong_call_exits_with_2(key, options):
    assert sign(key, BODY, *options).exit_code == 2


def test_errors_for_machines_are_one_json_object(tmp_path):
    there = tmp_path / "key.pem"
    there.write_bytes(b"mine")
    run = CliRunner().invoke(cli, ["keygen", str(there), "--json"])
    assert run.exit_code == 2
    assert json.loads(run.stdout) == {
        "code": "key_exists",
        "detail": f"{there} exists already; a key is never overwritten",
    }
    assert there.read_bytes() == b"mine"


def test_a_new_key_is_readable_by_its_owner_alone(tmp_path):
    file = tmp_path / "plant.pem"
    run = CliRunner().invoke(cli, ["keygen", str(file), "--alg", ES256, "--json"])
    assert run.exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(run.stdout)["kid"] == load_signer(file.read_bytes()).key.kid


@pytest.mark.parametrize(
    ("iss", "says"),
    [
        ("mill", "'mill' is no id of a party: that is (417) and 13 digits"),
        ("(414)9521210000013", "'(414)9521210000013' is no id of a party"),
        ("(417)9521210000016", "the check digit of party GLN (417) 9521210000016 is 6, it must be 3"),
    ],
)
def test_who_signs_is_a_party(key, iss, says):
    run = sign(key, {}, "--iss", iss)  # the last one counts
    assert run.exit_code == 2
    assert f"Invalid value for '--iss': {says}" in run.output
