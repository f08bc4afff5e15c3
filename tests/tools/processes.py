"""Servers in processes of their own, as `coilmark serve` starts them."""

import http.client
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.eventually import SOON, eventually
from tools.listening import free_port


@dataclass
class Server:
    """`coilmark serve` of one folder, with a second head beside it."""

    folder: object
    url: str = ""
    options: tuple = ()
    port: int = field(default_factory=free_port)
    process: object = field(default=None, repr=False)

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COILMARK_")}
        command = [sys.executable, "-m", "tools.main", "serve", str(self.folder), "--port", str(self.port), "--open"]
        self.process = subprocess.Popen(
            [*command, *self.options],
            stdout=subprocess.PIPE,
            env=environment | {"COILMARK_DATABASE_URL": self.url, "COILMARK_CHECKERS": "0"},
        )
        said = self.process.stdout.readline().decode()
        assert f":{self.port}/" in said, "the server did not start"

    def end(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)  # does nothing where it has ended
            self.process.wait(SOON)
            self.process.stdout.close()

    @property
    def children(self):
        """The processes that it has started itself, with --workers."""
        found = []
        for started in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with suppress(OSError):  # a thread that has ended
                found += map(int, started.read_text("ascii").split())
        return found

    def ask(self, method, path, body=None, kind="application/sd-jwt"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON)
        try:
            connection.request(method, path, body, {"content-type": kind})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def found(self, index):
        """The receipt of an entry that any server recorded: one that stands by may say 404 for a while."""

        def attempt():
            status, _, body = self.ask("GET", f"/v1/entries/{index}")
            assert status in {200, 404}, body
            return body if status == 200 else None

        return eventually(attempt)

    @property
    def note(self):
        return self.ask("GET", "/checkpoint")[2].decode()
