import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tools
from tools.main import COMMANDS, cli

HEAVY = {"sqlalchemy", "sqlmodel", "litestar", "pyarrow", "jsonschema_rs", "uvicorn", "pydantic", "msgspec", "rich"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name):
    module, line = COMMANDS[name]
    command = import_module(module).command
    assert isinstance(command, click.Command)
    assert command.get_short_help_str(limit=1000) == line
    assert len(line) <= 75


def test_every_module_with_a_command_is_in_the_table():
    folder = Path(tools.__file__).parent
    written = [path for path in folder.rglob("*.py") if "\ndef command(" in path.read_text("utf-8")]
    found = {".".join(path.relative_to(folder.parent).with_suffix("").parts) for path in written}
    assert found == {module for module, _ in COMMANDS.values()}


def test_help_lists_all_commands_without_importing_any():
    script = (
        "import sys; from tools.main import COMMANDS, cli; cli(['--help'], standalone_mode=False); "
        "print('imported:', sorted({m for m, _ in COMMANDS.values()} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "imported: []" in run.stdout
    for name, (_, line) in COMMANDS.items():
        assert " ".join([name, *line.split()]) in " ".join(run.stdout.split())


@pytest.mark.parametrize("name", ["", "init", "keygen", "party", "post", "serve", "sign", "token", "verify"])
def test_light_commands_load_nothing_heavy(name):
    args = [name, "--help"] if name else ["--help"]
    script = (
        f"import sys; from tools.main import cli; cli({args}, standalone_mode=False); print('loaded:', *sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.rpartition("loaded:")[2].split()}
    assert loaded >= {"click", "tools"}
    assert loaded & HEAVY == set()


def test_an_unknown_command_is_a_wrong_call():
    run = CliRunner().invoke(cli, ["no-such"])
    assert run.exit_code == 2
    assert "No such command 'no-such'" in run.stderr


def test_what_cannot_be_written_is_a_wrong_call_and_says_where(tmp_path):
    nowhere = tmp_path / "missing" / "plant.pem"
    run = CliRunner().invoke(cli, ["keygen", str(nowhere)])
    assert (run.exit_code, run.stderr) == (2, f"coilmark: {nowhere}: No such file or directory\n")


@pytest.mark.parametrize("how", [{"args": ["--advertise", "unix:/x"]}, {"env": {"COILMARK_ADVERTISE": "unix:/x"}}])
def test_a_server_is_not_advertised_where_nobody_answers(tmp_path, how):
    run = CliRunner().invoke(cli, ["serve", str(tmp_path), *how.get("args", ())], env=how.get("env"))
    assert run.exit_code == 2
    assert "nobody answers at unix:/x" in " ".join(run.output.split())
