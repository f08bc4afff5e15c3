"""Scripts, words and style of the pages: the files of `browser/`, under a version of them all.

One script more says which rule set this program has: `rules.js`. Words go with how their language writes numbers.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from api.languages import LANGUAGES, forms
from ledger.carbon.factors import POTENTIALS, factor_files, known, read_set
from ledger.kernel.errors import Missing
from ledger.rules import rule_set

_FOLDER = Path(__file__).parent / "browser"
_WORDS = _FOLDER / "words"
# A check calls nearly every function once. Chromium compiles them all beside the page's own work where a script begins
# like this, and else each when it is called, which took a third of the check.
_WHOLE = b"//# allFunctionsCalledOnLoad\n"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file; `packed` is its gzip."""

    body: bytes
    packed: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All of them. Where `version` stands in a path, the answer is the same for ever."""

    version: str
    files: Mapping[str, Asset]

    def file(self, version: str, name: str) -> Asset:
        """The file of that version. Raises Missing ("no_such_path")."""
        found = self.files.get(name) if version == self.version else None
        if found is None:
            raise Missing("no_such_path", f"there is no file {ascii(name)[:60]} of version {ascii(version)[:20]}")
        return found

    def modules(self, *starting: str) -> list[str]:
        """Scripts whose names begin like this: a page asks for them at once and not one after another."""
        return [name for name in self.files if name.endswith(".js") and name.startswith(starting)]


@cache
def assets() -> Assets:
    """Read once: they come with the program."""
    paths = sorted(path for path in _FOLDER.rglob("*") if path.suffix in _TYPES and path.parent != _WORDS)
    files = {str(path.relative_to(_FOLDER)): _asset(_read(path), path.suffix) for path in paths}
    for language in LANGUAGES:
        files[f"words/{language}.json"] = _asset(_words(language), ".json")
    files["rules.js"] = _asset(f"export default {json.dumps(rules())};\n".encode(), ".js")
    said = sha256(b"".join(f"{name}\n".encode() + sha256(one.body).digest() for name, one in files.items()))
    return Assets(said.hexdigest()[:16], files)


def rules() -> dict[str, Any]:
    """The rule set under which a browser computes passports again, and the digests of its factor sets by their ids.

    `sets` are, as text, the bytes of those that formulas read.
    """
    files = {read_set(data).id: data.decode() for data in factor_files().values()}
    factors = {name: one.digest for name, one in known().items()}
    return {**rule_set(), "factors": factors, "sets": {POTENTIALS: files[POTENTIALS]}}


def _read(path: Path) -> bytes:
    return _WHOLE + path.read_bytes() if path.suffix == ".js" else path.read_bytes()


def _words(language: str) -> bytes:
    """What a page's script says, and how the language writes numbers and dates."""
    said = json.loads((_WORDS / f"{language}.json").read_bytes())
    return json.dumps({**said, **forms(language)}, ensure_ascii=False).encode()


def _asset(body: bytes, suffix: str) -> Asset:
    return Asset(body, gzip.compress(body, 9, mtime=0), _TYPES[suffix])
