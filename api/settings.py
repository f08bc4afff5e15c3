"""What the server is told from outside, read once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from api.leader_line import check_address
from ledger.kernel.errors import Malformed
from ledger.recording.second_head import HeadPlace, head_place

_PREFIX = "COILMARK_"
_OURS = {
    "ADVERTISE",
    "BASE",
    "CHECKERS",
    "DATABASE_URL",
    "FOLDER",
    "HEAD",
    "OPEN",
    "OPERATOR_KEY",
    "PROCESS",
    "PROXIES",
    "READ_ONLY",
    "RESERVE",
}
_OTHERS = {"FUZZ", "VECTORS"}  # the tests', which may share an environment with a server
_SWITCH = {"1": True, "true": True, "0": False, "false": False, "": False}
_BASE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/?", re.ASCII)
_MOST_CHECKERS = 64
_MOST_PROCESSES = 64
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """`folder` holds the ledger, `head` is its head's second place, a file or a URL (None: the file beside the folder).

    `database` is the URL of a PostgreSQL database; without one the ledger is a file in its folder.
    `operator_key` is the file of the operator's private key: without it no passports are made.
    `open` shows every statement to everyone; `checkers` is how many processes check statements
    (0: none, the server checks them itself). `read_only` never writes, whoever leads; `address` is where other servers
    reach this one while it leads ("": nowhere). Of several processes on one folder each has its number, `process`.
    `reserve` bytes stay free on every disk where the ledger grows. `base` is where readers reach the ledger, as labels
    have it ("": as each request has it). `proxies` are the networks of the proxies that say who asks.
    """

    folder: Path
    head: HeadPlace | None = None
    open: bool = False
    checkers: int = 2
    database: str | None = None
    read_only: bool = False
    address: str = ""
    process: int = 0
    operator_key: Path | None = None
    reserve: int = 64 * _MIB
    base: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()


def from_environ(environ: Mapping[str, str]) -> Settings:
    """What COILMARK_ names say. Raises Malformed for a bad value or an unknown name."""
    ours = {name.removeprefix(_PREFIX): value for name, value in environ.items() if name.startswith(_PREFIX)}
    if unknown := sorted(ours.keys() - _OURS - _OTHERS):
        names = ", ".join(_PREFIX + name for name in unknown)
        raise Malformed("settings", f"{names} means nothing here; known are {_known()}")
    if not ours.get("FOLDER"):
        raise Malformed("settings", f"{_PREFIX}FOLDER is not set: it names the folder of the ledger")
    head, key = ours.get("HEAD"), ours.get("OPERATOR_KEY")
    return Settings(
        folder=Path(ours["FOLDER"]),
        head=head_place(head) if head else None,
        open=_switch("OPEN", ours.get("OPEN", "")),
        checkers=_checkers(ours.get("CHECKERS", "")),
        database=ours.get("DATABASE_URL") or None,
        read_only=_switch("READ_ONLY", ours.get("READ_ONLY", "")),
        address=check_address(ours["ADVERTISE"]) if ours.get("ADVERTISE") else "",
        process=_number("PROCESS", ours.get("PROCESS") or "0", _MOST_PROCESSES),
        operator_key=Path(key) if key else None,
        reserve=_reserve(ours.get("RESERVE", "")),
        base=_base(ours.get("BASE", "")),
        proxies=_networks(ours.get("PROXIES", "")),
    )


def of_process() -> Settings:
    """The settings in this process' own environment."""
    return from_environ(os.environ)


def _known() -> str:
    return ", ".join(_PREFIX + name for name in sorted(_OURS))


def _switch(name: str, value: str) -> bool:
    if value.lower() not in _SWITCH:
        raise Malformed("settings", f"{_PREFIX}{name} is 1 or 0, not {value!r}")
    return _SWITCH[value.lower()]


def _checkers(value: str) -> int:
    return _number("CHECKERS", value, _MOST_CHECKERS) if value else min(os.cpu_count() or 1, _MOST_CHECKERS)


def _base(value: str) -> str:
    found = _BASE.fullmatch(value)
    if value and found is None:
        raise Malformed("settings", f"{_PREFIX}BASE is an address like https://id.example.com, not {value!r}")
    return value.rstrip("/")


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(one) for one in value.split())
    except ValueError as error:
        raise Malformed("settings", f"{_PREFIX}PROXIES has networks like 10.0.0.0/8, spaces between: {error}") from None


def _number(name: str, value: str, most: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 2 and int(value) <= most):
        raise Malformed("settings", f"{_PREFIX}{name} is a number from 0 to {most}, not {value!r}")
    return int(value)


def _reserve(value: str) -> int:
    if not value:
        return 64 * _MIB
    if not (value.isascii() and value.isdigit() and len(value) <= 7):
        raise Malformed("settings", f"{_PREFIX}RESERVE is a number of MiB, not {value!r}")
    return int(value) * _MIB
