"""A server that keeps objects as a second head by URL asks of it, and can be told to misbehave.

    with object_server() as server:
        server.url  # of one object
        server.objects, server.wanted (an Authorization header), server.mood

Conditions as in RFC 9110 13.1; the ETag is the digest of what is kept. What a real one must do besides is sync.
"""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.eventually import SOON

GOOD, IGNORES, UNTAGGED, WEAK = "good", "ignores conditions", "gives no ETag", "gives a weak ETag"
FAILS, FORGETS, SILENT = "fails and does not store", "stores and does not say so", "does not answer"


@dataclass
class Objects:
    port: int = 0
    objects: dict = field(default_factory=dict)
    wanted: str = ""
    mood: str = GOOD
    puts: list = field(default_factory=list)  # (condition, status)
    lock: object = field(default_factory=threading.Lock)
    released: object = field(default_factory=threading.Event)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/heads/park.head?v=1"

    @property
    def text(self):
        return self.objects.get("/heads/park.head?v=1", b"").decode()

    def tag(self, path):
        return f'"{sha256(self.objects[path]).hexdigest()}"'

    def holds(self, path, headers):
        """Whether the conditions of a PUT hold."""
        if headers.get("If-None-Match") == "*" and path in self.objects:
            return False
        match = headers.get("If-Match")
        return match is None or (path in self.objects and match == self.tag(path))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def state(self):
        return self.server.state

    def allowed(self):
        if self.state.mood == SILENT:
            self.state.released.wait(SOON)
        if self.state.wanted and self.headers.get("Authorization") != self.state.wanted:
            self.answer(401)
            return False
        return True

    def do_GET(self):
        if not self.allowed():
            return
        with self.state.lock:
            body = self.state.objects.get(self.path)
            tag = self.state.tag(self.path) if body is not None else ""
        tags = {} if self.state.mood == UNTAGGED else {"ETag": f"W/{tag}" if self.state.mood == WEAK else tag}
        self.answer(404 if body is None else 200, body or b"", tags)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.allowed():
            return
        if self.state.mood == FAILS and self.headers.get("If-Match") != '"coilmark-another"':
            self.answer(500)
            return
        with self.state.lock:
            holds = self.state.mood == IGNORES or self.state.holds(self.path, self.headers)
            if holds:
                self.state.objects[self.path] = body
            self.state.puts.append((self.headers.get("If-Match") or self.headers.get("If-None-Match"), holds))
        if holds and self.state.mood == FORGETS:
            self.close_connection = True
            return
        self.answer(204 if holds else 412)

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that went away


@contextmanager
def object_server(port=0, state=None):
    """Objects behind HTTP on a loopback port; given the `state` of an earlier one, it is as if that came back."""
    state = state or Objects()
    with Server(("127.0.0.1", port), Handler) as server:
        server.state = state
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield state
        finally:
            state.released.set()
            server.shutdown()
            thread.join()
