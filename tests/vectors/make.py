"""Makes schemas/vectors/ and the worked example of schemas/SPEC.md: `python -m tests.vectors.make`.

Everything follows from seeds that are written down here and in the tests' small ledger: a second run changes nothing.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The modules beside the tests import each other by their own names, as pytest lets them.
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "kernel")]

from vectors import example  # noqa: E402  the lines above make it importable
from vectors.collection import vector_files, with_example  # noqa: E402  the lines above make it importable

FOLDER = ROOT / "schemas" / "vectors"
SPEC = ROOT / "schemas" / "SPEC.md"


def main():
    files = vector_files()
    shown = json.loads(files[example.NAME])["want"]
    stale = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.json")} - files.keys()
    for name in sorted(stale):
        (FOLDER / name).unlink()
    for name, data in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    SPEC.write_text(with_example(SPEC.read_text("utf-8"), shown), "utf-8")
    total = sum(map(len, files.values()))
    print(f"{len(files)} files, {total} bytes; {len(stale)} removed")  # noqa: T201  a command says what it did


if __name__ == "__main__":
    main()
