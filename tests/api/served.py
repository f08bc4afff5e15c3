"""A small ledger behind the real application: over HTTP on a loopback port, or called in this process."""

import asyncio
import gzip
import http.client
import json
import socket
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import uvicorn
from small_ledger import keep, small_ledger

from api.app import as_served, create_app
from api.settings import Settings
from ledger.recording.opening import clock
from ledger.store.access import Reader, access_file
from ledger.store.sqlite.access import SqliteTokens
from tests.eventually import SOON


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["code"]


@dataclass
class Served:
    """A world whose log the server has open; `world` still signs."""

    world: object
    port: int = 0
    secrets: dict = field(default_factory=dict)

    def ask(self, method, path, body=None, **headers):
        """One request, one answer. Header names are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, wire, path="/v1/statements"):
        return self.ask("POST", path, wire, content_type="application/sd-jwt")

    def post_batch(self, *wires, path="/v1/statements"):
        return self.ask("POST", path, batch(*wires), content_type="application/json")

    def raw(self, *pieces, pause=0.0):
        """Bytes as they are, on a connection of their own; all that comes back until the server closes it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SOON) as connection:
            for piece in pieces:
                try:
                    connection.sendall(piece)
                except OSError:  # the server has heard enough
                    break
                time.sleep(pause)
            return _read_all(connection)

    @property
    def size(self):
        return int(self.ask("GET", "/checkpoint").body.split(b"\n")[1])


def batch(*wires):
    return json.dumps({"statements": [wire.decode() for wire in wires]}).encode()


def bomb(size):
    """`size` zeros, gzipped."""
    return gzip.compress(bytes(size))


def _read_all(connection):
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except OSError:
        pass
    return b"".join(pieces)


def make_world(folder):
    """A closed world with a token for the plant, one for rolling, one for an auditor and one that was revoked."""
    kept, secrets = _kept()
    return kept.world(folder), dict(secrets)


@cache
def _kept():
    with TemporaryDirectory() as folder:
        with small_ledger(Path(folder)) as world:
            world.enrol(world.rolling, "lot-event")
        secrets = _tokens(world)
        return keep(world), secrets


def _tokens(world):
    access = SqliteTokens(access_file(world.places.folder))
    readers = {
        "plant": Reader("party", world.plant.id),
        "rolling": Reader("party", world.rolling.id),
        "auditor": Reader("auditor"),
        "revoked": Reader("auditor"),
    }
    issued = {name: access.issue(reader, name, now=clock()) for name, reader in readers.items()}
    access.revoke(issued["revoked"][0].id, now=clock())
    access.close()
    return {name: secret for name, (_, secret) in issued.items()}


def app_of(world, **settings):
    return create_app(Settings(world.places.folder, world.places.head, **settings))


@contextmanager
def serving(folder, **settings):
    """The world in `folder` behind uvicorn, in a thread of this process."""
    world, secrets = make_world(folder)
    with serving_world(world, secrets, **settings) as served:
        yield served


@contextmanager
def serving_world(world, secrets=(), protocol="api.connections:Patient", **settings):
    """A closed world behind uvicorn, in a thread of this process."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        listening(app_of(world, **settings), listener, protocol),
    ):
        yield Served(world, listener.getsockname()[1], dict(secrets))


@contextmanager
def listening(app, listener, protocol="api.connections:Patient", also=()):
    """An application on a socket, and on others beside it."""
    config = uvicorn.Config(
        as_served(app), access_log=False, log_level="error", loop="uvloop", http=protocol, lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener, *also]})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        assert server.started
        yield
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class InProcess:
    """The application without a server around it: ASGI messages in, an answer out."""

    app: object
    world: object
    secrets: dict

    @property
    def desk(self):
        return self.app.state["desk"]

    async def ask(self, method, path, body=b"", *, query=b"", headers=(), pieces=None):
        """`pieces` sends the body in several messages; `headers` are pairs of bytes."""
        chunks = list(pieces) if pieces is not None else [body]
        inbox = [
            {"type": "http.request", "body": chunk, "more_body": n + 1 < len(chunks)} for n, chunk in enumerate(chunks)
        ]
        outbox = []
        answered = asyncio.Event()

        async def receive():
            if not inbox:
                await answered.wait()  # the client stays until then
                return {"type": "http.disconnect"}
            return inbox.pop(0)

        async def send(message):
            outbox.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered.set()

        await as_served(self.app)(_scope(method, path, query, headers), receive, send)
        start = outbox[0]
        said = b"".join(message.get("body", b"") for message in outbox[1:])
        return Answer(start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, said)

    async def post(self, wire, *, kind=b"application/sd-jwt", headers=None, **more):
        return await self.ask("POST", "/v1/statements", wire, headers=headers or [(b"content-type", kind)], **more)

    async def post_batch(self, *wires, query=b""):
        return await self.post(batch(*wires), query=query, kind=b"application/json")


def bearer(app, name):
    """The headers of who has the token of this name."""
    return [(b"authorization", b"Bearer " + app.secrets[name].encode())]


def _scope(method, path, query, headers):
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"ledger.example"), *headers] if b"host" not in dict(headers) else list(headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }


@asynccontextmanager
async def in_process(folder, **settings):
    """The world in `folder` behind the application, with no server and no checking processes unless asked for."""
    world, secrets = make_world(folder)
    app = app_of(world, **{"checkers": 0, **settings})
    async with app.lifespan():
        yield InProcess(app, world, secrets)


def run(scenario):
    """Run a test that is a coroutine function taking no arguments."""
    return asyncio.run(scenario())
