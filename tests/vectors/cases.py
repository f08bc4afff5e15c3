"""What one vector is made of, and how it is written down."""

import json
from base64 import b64encode
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """An input and what a human says of it.

    `code` None is a good input; `said` are further results that must come out: a generator that only wrote down what
    the code does could not be wrong, and so could not be right.
    """

    folder: str
    name: str
    desc: str
    input: dict
    code: str | None = None
    said: dict = field(default_factory=dict)

    @property
    def path(self):
        return f"{self.folder}/{self.name}.json"


def check(case, outcome):
    """Raise where the code does not find what the case says."""
    found = {"wantErr": outcome["wantErr"], "code": outcome.get("code")}
    wanted = {"wantErr": case.code is not None, "code": case.code}
    for name, value in case.said.items():
        found[name] = outcome[name] if name in outcome else outcome.get("want", {}).get(name)
        wanted[name] = value
    if found != wanted:
        raise AssertionError(f"{case.path}: found {found}, wanted {wanted}")


def file_of(desc, given, outcome):
    """The bytes of a vector file."""
    text = json.dumps({"desc": desc, "input": given, **outcome}, indent=1, ensure_ascii=True)
    return text.encode("ascii") + b"\n"


def text_or_base64(name, data):
    """Bytes as text under `name` where they are ASCII, else base64 under `<name>_base64`."""
    if data.isascii():
        return {name: data.decode("ascii")}
    return {f"{name}_base64": b64encode(data).decode("ascii")}
