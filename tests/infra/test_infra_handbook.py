"""A stranger follows the handbook: its own lines, run as they stand, from an empty PostgreSQL to a served ledger.

What is put in place of what the handbook names: folders, hosts and ports.
"""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.trust import parse_trust
from tests.eventually import SOON, eventually

ROOT = Path(__file__).resolve().parents[2]
HANDBOOK = (ROOT / "infra" / "OPERATING.md").read_text("utf-8")
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.slow


def block(title):
    """The first block of shell lines under a heading."""
    section = re.split(rf"^#+ {title}\n", HANDBOOK, flags=re.MULTILINE)[1]
    return re.search(r"```\n(.*?)```", section, re.DOTALL)[1]


class Stranger:
    """Somebody with a shell, the handbook and an empty machine."""

    def __init__(self, home, server=None):
        self.home = home
        self.server = server
        named = {name: value for name, value in os.environ.items() if not name.startswith(("COILMARK_", "PG"))}
        tools = f":{server.tools}" if server else ""
        self.environment = named | {"PATH": f"{BIN}{tools}:{os.environ['PATH']}", "HOME": str(home)}
        if server:
            self.environment |= {"PGHOST": str(server.socket), "PGUSER": "postgres"}

    def here(self, text):
        """The handbook's line, on this machine."""
        text = text.replace("/srv/", f"{self.home}/srv/").replace("/mnt/", f"{self.home}/mnt/")
        text = text.replace("/backup/", f"{self.home}/backup/").replace("--port 8080", "--port 0")
        return text.replace("@db.example.org/coilmark", f"@/coilmark?host={self.server.socket}" if self.server else "")

    def run(self, script, *, typed="", **more):
        # In a session of its own there is no terminal: what a prompt asks for is read from what is typed here.
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(script)],
            cwd=self.home, env=self.environment | more, input=typed, capture_output=True, text=True, check=False,
            timeout=3 * SOON, start_new_session=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def serving(self, line, **more):
        """The last line, which does not come back: the address that it is served on."""
        words = ["bash", "-c", f"exec {self.here(line)}"]
        with subprocess.Popen(words, cwd=self.home, env=self.environment | more, stdout=subprocess.PIPE) as process:
            try:
                said = process.stdout.readline().decode()
                yield re.search(r"http://\S+:\d+", said)[0]
            finally:
                process.terminate()
                process.wait(SOON)


def ask(url, path):
    """What is answered, once it is no error."""

    def attempt():
        try:
            with urllib.request.urlopen(url + path, timeout=SOON) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            return None

    return eventually(attempt)


def check_served(stranger, url, size):
    """It is ready, and signs what the trust file believes."""
    assert json.loads(ask(url, "/readyz"))["ready"]
    trust = parse_trust((stranger.home / "srv" / "coilmark" / "ledger" / "trust.txt").read_bytes())
    checkpoint, _ = open_checkpoint(ask(url, "/checkpoint"), trust.vkeys)
    assert checkpoint.size == size


def enrol(stranger, url):
    """The README's way: a key for a party, and its enrolment."""
    stranger.run(
        "coilmark keygen my.key\n"
        "coilmark party prove --party '(417)9521216000017' --aud https://ledger.example.org/ --key my.key > my.proof\n"
        "coilmark party enrol --id '(417)9521216000017' --name 'My plant' --role lot-event --prefix 9521216 "
        "--proof my.proof --iss '(417)9521210000013' --aud https://ledger.example.org/ --key operator.key "
        f"--post {url}"
    )


@pytest.fixture
def home(tmp_path):
    for folder in ("srv/coilmark", "mnt/other-disk", "backup"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_a_ledger_on_one_machine_backed_up_and_put_back(home):
    stranger = Stranger(home)
    *lines, serve = block("Set up").strip().splitlines()
    stranger.run("\n".join(lines))
    with stranger.serving(serve) as url:
        enrol(stranger, url)
        backup, audit = block("Backups").strip().splitlines()
        assert "3 entries" in stranger.run(f"{backup} --head /mnt/other-disk/ledger.head")
        check_served(stranger, url, 3)
    assert "nothing wrong was found: 3 entries" in stranger.run(audit)
    for path in (home / "srv" / "coilmark" / "ledger").glob("ledger.sqlite*"):
        path.unlink()
    (restore,) = re.findall(r"^coilmark copy /backup/\S+ /srv/\S+$", HANDBOOK, re.MULTILINE)
    stranger.run(restore)
    (migrate,) = re.findall(r"^coilmark migrate .*$", HANDBOOK, re.MULTILINE)
    assert "nothing was done" in stranger.run(migrate)
    with stranger.serving(serve) as url:
        check_served(stranger, url, 3)


@pytest.fixture
def empty(postgres):
    """A server without roles and databases of a ledger's."""
    yield postgres
    postgres.admin("DROP DATABASE IF EXISTS coilmark (FORCE)", "DROP ROLE IF EXISTS coilmark, coilmark_owner")


def test_from_an_empty_postgresql_to_a_served_ledger(home, empty):
    stranger = Stranger(home, empty)
    *lines, serve = block("PostgreSQL").strip().splitlines()
    stranger.run("\n".join(lines), typed="secret\n" * 4)
    (database,) = re.findall(r"^export COILMARK_DATABASE_URL=(\S+)$", "\n".join(lines), re.MULTILINE)
    known = {"COILMARK_DATABASE_URL": stranger.here(database)}
    with stranger.serving(f"{serve} --port 8080", **known) as url:
        enrol(stranger, url)
        check_served(stranger, url, 3)
        backup, audit = block("Backups").strip().splitlines()
        assert "the copy continues it" in stranger.run(backup, **known)
        assert "nothing wrong was found: 3 entries" in stranger.run(audit)
    owner = re.search(r"--owner-database (\S+)", block("PostgreSQL"))[1]
    migrated = stranger.run(f"coilmark migrate /srv/coilmark/ledger --owner-database {owner}", **known)
    assert "nothing was done" in migrated


def test_from_sqlite_to_postgresql(home, empty):
    """Set up on a file, then moved as the handbook says; the one second head goes with it."""
    stranger = Stranger(home, empty)
    *lines, serve = block("Set up").strip().splitlines()
    stranger.run("\n".join(lines))
    with stranger.serving(serve) as url:
        enrol(stranger, url)
    roles = block("PostgreSQL").partition("\n\n")[0]
    stranger.run(roles, typed="secret\n" * 4)
    *copy, move = block("Move to another store").strip().splitlines()
    assert "3 entries" in stranger.run("\n".join(copy))
    setting, line = move.split(" ", 1)
    name, _, database = setting.partition("=")
    known = {name: stranger.here(database)}
    with stranger.serving(f"{line} --head /mnt/other-disk/ledger.head --port 8080", **known) as url:
        check_served(stranger, url, 3)
