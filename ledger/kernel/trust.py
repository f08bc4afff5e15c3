"""The trust file: whom a reader believes, and how many witnesses are enough (C2SP tlog-policy, and our pins).

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none
    party <canonical id> <kid>

The last line is ours: it pins a party's key, so that the reader does not depend on the operator for it (SPEC 4.6).
"""

import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ledger.kernel.encoding import b64url_decode, decimal_integer
from ledger.kernel.errors import CoilmarkError, Malformed
from ledger.kernel.gs1 import is_canonical
from ledger.kernel.note import TYPE_COSIGNATURE, TYPE_ED25519, TYPE_ML_DSA_44, Vkey, format_vkey, parse_vkey

_NONE = "none"
_ANY_NUMBER = sys.maxsize
_LOG_TYPES = (TYPE_ED25519, TYPE_ML_DSA_44)
_WITNESS_TYPES = (TYPE_COSIGNATURE, TYPE_ML_DSA_44)


@dataclass(frozen=True, slots=True)
class LogKey:
    """A log whose signature is believed. The vkey's name is its origin; what the URL is for, the application says."""

    vkey: Vkey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness under the name that groups and the quorum use for it, which is not the vkey's name."""

    name: str
    vkey: Vkey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Satisfied when `threshold` of its members (witnesses or earlier groups) are."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust file. `quorum` is a witness or a group, None for `quorum none`: no cosignature is asked for.

    `pins` are the key thumbprints a reader holds for a party; a party without any is believed as the operator has it.
    """

    logs: tuple[LogKey, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str | None = None
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def vkeys(self) -> tuple[Vkey, ...]:
        """The keys of all logs and witnesses, for `checkpoint.open_checkpoint`."""
        return (*(log.vkey for log in self.logs), *(witness.vkey for witness in self.witnesses))


def quorum_met(trust: Trust, cosigners: Collection[Vkey]) -> bool:
    """Whether these keys, whose cosignatures were verified, satisfy the quorum."""
    if trust.quorum is None:
        return True
    satisfied = {witness.name for witness in trust.witnesses if witness.vkey in cosigners}
    for group in trust.groups:  # a member is always defined before its group
        if len(satisfied.intersection(group.members)) >= group.threshold:
            satisfied.add(group.name)
    return trust.quorum in satisfied


def format_trust(trust: Trust) -> str:
    """The trust file in its canonical spelling: no comments, logs, witnesses, groups, quorum, pins, single spaces."""
    lines = [
        *(f"log {format_vkey(log.vkey)}{_tail(log.url)}" for log in trust.logs),
        *(f"witness {one.name} {format_vkey(one.vkey)}{_tail(one.url)}" for one in trust.witnesses),
        *(f"group {one.name} {_threshold(one)} {' '.join(one.members)}" for one in trust.groups),
        f"quorum {trust.quorum or _NONE}",
        *(f"party {party} {kid}" for party in sorted(trust.pins) for kid in sorted(trust.pins[party])),
    ]
    return "\n".join(lines) + "\n"


def _tail(url: str | None) -> str:
    return f" {url}" if url else ""


def _threshold(group: Group) -> str:
    return {1: "any", len(group.members): "all"}.get(group.threshold, str(group.threshold))


def parse_trust(text: str | bytes) -> Trust:
    """Read a trust file. Raises Malformed naming the line.

    Bytes above 0x7F are opaque (tlog-policy, Character set): names are equal when their bytes are.
    """
    text = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
    control = next((c for c in text if (c < "\x20" and c not in "\t\n") or c == "\x7f"), None)
    if control is not None:
        raise Malformed(
            "trust", f"a trust file has no control characters but tab and newline, not U+{ord(control):04X}"
        )
    if not text.endswith("\n"):
        raise Malformed("trust", "the last line of the trust file has no newline: the file may be cut off")
    reader = _Reader()
    for number, line in enumerate(text[:-1].split("\n"), 1):
        fields = re.split(r"[ \t]+", line.strip(" \t"))
        if not fields[0] or fields[0].startswith("#"):
            continue
        try:
            reader.take(fields)
        except CoilmarkError as error:
            raise Malformed(error.code, f"line {number} of the trust file: {error.sentence}", line=number) from None
    return reader.done()


class _Reader:
    """What the lines so far have defined, and who has used which name and which key."""

    def __init__(self) -> None:
        self._logs: list[LogKey] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorum: str | None = None
        self._pins: dict[str, frozenset[str]] = {}
        self._names: set[str] = set()
        self._grouped: set[str] = set()
        self._vkeys: list[Vkey] = []
        self._kids: set[str] = set()

    def take(self, fields: list[str]) -> None:
        kinds: dict[str, tuple[Callable[..., None], int, int]] = {
            "log": (self._log, 1, 2),
            "witness": (self._witness, 2, 3),
            "group": (self._group, 3, _ANY_NUMBER),
            "quorum": (self._set_quorum, 1, 1),
            "party": (self._party, 2, 2),
        }
        if fields[0] not in kinds:
            raise Malformed("trust", f"a line begins with {', '.join(kinds)} or #, not with {fields[0][:40]!a}")
        read, fewest, most = kinds[fields[0]]
        if not fewest <= len(fields) - 1 <= most:
            want = fewest if fewest == most else f"{fewest} or more" if most == _ANY_NUMBER else f"{fewest} to {most}"
            raise Malformed("trust", f"{fields[0]} is followed by {len(fields) - 1} words, want {want}")
        read(*fields[1:])

    def done(self) -> Trust:
        if self._quorum is None:
            raise Malformed("trust", "the trust file has no quorum line; `quorum none` asks for no witness")
        for vkey in self._vkeys:
            # SPEC 4.5: a party's key is never a log or witness key.
            if vkey.type != TYPE_ML_DSA_44 and vkey.key.kid in self._kids:
                raise Malformed("trust", f"the key of {vkey.name} is pinned as a party's key too")
        quorum = None if self._quorum == _NONE else self._quorum
        pins = dict(self._pins)
        return Trust(tuple(self._logs), tuple(self._witnesses), tuple(self._groups), quorum, pins)

    def _log(self, text: str, url: str | None = None) -> None:
        self._logs.append(LogKey(self._new_key(text, _LOG_TYPES), url))

    def _witness(self, name: str, text: str, url: str | None = None) -> None:
        self._define(name)
        self._witnesses.append(Witness(name, self._new_key(text, _WITNESS_TYPES), url))

    def _group(self, name: str, threshold: str, *members: str) -> None:
        for member in members:
            self._need(member)
            if member in self._grouped:
                raise Malformed("trust", f"{member!a} is a member of a group already, and may count once only")
            self._grouped.add(member)
        self._define(name)
        self._groups.append(Group(name, _parse_threshold(threshold, len(members)), members))

    def _set_quorum(self, name: str) -> None:
        if self._quorum is not None:
            raise Malformed("trust", "there is a quorum line already")
        if name != _NONE:
            self._need(name)
        self._quorum = name

    def _party(self, party: str, kid: str) -> None:
        if not is_canonical(party):
            raise Malformed("trust", f"{party!a} is no canonical id of a party, such as (417)9521141000007")
        if len(b64url_decode(kid, "the key thumbprint")) != 32:
            raise Malformed("trust", "a key thumbprint has 43 characters (RFC 7638, SHA-256)")
        if kid in self._kids:
            raise Malformed("trust", f"the key {kid} is pinned already")
        self._kids.add(kid)
        self._pins[party] = self._pins.get(party, frozenset()) | {kid}

    def _new_key(self, text: str, types: tuple[int, ...]) -> Vkey:
        vkey = parse_vkey(text)
        if vkey.type not in types:
            raise Malformed("vkey", f"the key of {vkey.name} has type {vkey.type:#04x}, want one of {_hex(types)}")
        if any(vkey.raw == other.raw for other in self._vkeys):
            raise Malformed("trust", f"the public key of {vkey.name} is listed already, under this or another name")
        self._vkeys.append(vkey)
        return vkey

    def _define(self, name: str) -> None:
        if name == _NONE or name in self._names:
            raise Malformed("trust", f"the name {name!a} is taken")
        self._names.add(name)

    def _need(self, name: str) -> None:
        if name not in self._names:
            raise Malformed("trust", f"{name!a} is no witness or group defined on a line above")


def _parse_threshold(text: str, members: int) -> int:
    threshold = {"any": 1, "all": members}.get(text)
    if threshold is None:
        threshold = decimal_integer(text, "the number of members that is enough")
    if not 1 <= threshold <= members:
        raise Malformed("trust", f"{threshold} of {members} members cannot be asked for")
    return threshold


def _hex(types: tuple[int, ...]) -> str:
    return " and ".join(f"{one:#04x}" for one in types)
