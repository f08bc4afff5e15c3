"""A stranger prints a label, scans it, sees the ticks, changes one figure in the database and sees the page refuse."""

import subprocess
import sys
from contextlib import closing
from io import BytesIO
from pathlib import Path

import zxingcpp
from parks import COIL, served_park
from PIL import Image
from reading import words

from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.store.sqlite.driver import sqlite3

ROOT = Path(__file__).parents[2]
REFUSES = (
    "What is stored of this piece is not what was signed and recorded. Nothing of it is shown. Tell whoever runs this "
    "ledger; do not rely on the piece before it is cleared."
)


def printed(folder, base, into):
    """The tag of the coil as a printer of 203 dots an inch sets it."""
    command = [sys.executable, "-m", "tools.main", "label", folder, COIL, "--base", base, "--png", into]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, capture_output=True)
    return Image.open(BytesIO(into.read_bytes()))


def scanned(picture):
    """What a phone reads: by a decoder that we did not write."""
    (found,) = zxingcpp.read_barcodes(picture)
    return found.text


def restated(jwt):
    """The statement with its first figure ten times as large, and everything else as it was."""
    head, payload, signature = jwt.split(b".")
    said = b64url_decode(payload.decode())
    assert b'"value":"0.' in said
    return b".".join([head, b64url_encode(said.replace(b'"value":"0.', b'"value":"9.', 1)).encode(), signature])


def tampered(database, entry):
    """With the database's own program, past the triggers that keep what is recorded."""
    with closing(sqlite3.connect(database)) as connection, connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        (jwt,) = connection.execute('SELECT jwt FROM entry WHERE "index" = ?', (entry,)).fetchone()
        connection.execute('UPDATE entry SET jwt = ? WHERE "index" = ?', (restated(jwt), entry))


def test_from_a_printed_label_to_ticks_and_from_a_changed_figure_to_a_refusal(reader, tmp_path):
    with served_park(tmp_path, open=False) as served:
        served.world.places.label_key.write_text(bytes(range(32)).hex())
        link = scanned(printed(served.world.places.folder, f"http://127.0.0.1:{served.port}", tmp_path / "label.png"))
        assert "?c=" in link

        reader.open(link)
        assert reader.kind == "good"
        assert reader.verdict.startswith(words()["good"])
        assert reader.outcomes == [*["passed"] * 10, "not_checked", "passed", "passed"]
        assert "✓" in reader.page.inner_html("#check .steps")

        tampered(served.world.places.database, int(reader.page.get_attribute("#check", "data-entry")))
        answer = reader.open(link, done="")
        assert answer.status == 500
        assert REFUSES in reader.page.inner_text("main")
        assert reader.page.inner_text("h1") == "This record is damaged"
        assert reader.page.query_selector(".good, .passed, [data-at]") is None
    reader.forgive("status of 500")
