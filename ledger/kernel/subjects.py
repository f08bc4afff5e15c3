"""Subjects: anything with a history, under one name and one key (SPEC 4.4)."""

import functools
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from ledger.kernel.errors import Malformed
from ledger.kernel.gs1 import canonical_id, company_digits, is_canonical
from ledger.kernel.once import once

KINDS: tuple[str, ...] = (
    "party",
    "lot",
    "device",
    "meter",
    "process",
    "attestation",
    "consumption",
    "contract",
    "certificate",
    "passport",
    "ledger",
)
# SPEC 4.4: the operator names these whatever GS1 prefix their ids begin with.
NAMED_BY_OPERATOR = frozenset({"ledger", "party", "passport"})
MAX_ID = 200  # characters of a canonical id, SPEC 8
_LABEL = b"coilmark/subject/v1\n"
_GTIN = "(01)"
_GTIN_ENDS = 18  # characters of "(01)" and 14 digits: what stands before is all that says whose it is
# Not "." nor "..": these ids stand in paths, where such a step means another place.
_LOCAL = r"(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9._~:-]{1,80})+"
_BELOW = re.compile(_LOCAL, re.ASCII)
# A local id stands below a party's GLN, whose length is fixed: it cannot be read as part of a longer GS1 value.
_LOCAL_ID = re.compile(rf"(\(41[47]\)[0-9]{{13}}){_LOCAL}", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)


class Want(Enum):
    """What a statement wants with a subject, before the ledger knows whether it is there already.

    REFERENCE needs it to be there; CREATE needs it not to be; ADVANCE creates or touches; TOUCH and CONSUME advance.
    """

    __hash__ = object.__hash__  # there is one of each; Enum's own hashes the name, in Python

    REFERENCE = "reference"
    CREATE = "create"
    ADVANCE = "advance"
    TOUCH = "touch"
    CONSUME = "consume"


@dataclass(frozen=True)
class Implied:
    """One subject that a statement says something of."""

    kind: str
    id: str
    want: Want

    @once
    def key(self) -> bytes:
        """The subject key, 32 bytes."""
        return subject_key(self.kind, self.id)


@functools.lru_cache(maxsize=16384)  # one statement asks several times for each of its subjects
def subject_key(kind: str, id: str) -> bytes:  # noqa: A002  it is the subject's id
    """SHA-256 over label, kind and canonical id. `kind` is one of KINDS, `id` canonical: neither is checked here."""
    return sha256(b"%b%b\n%b" % (_LABEL, kind.encode("ascii"), id.encode("utf-8"))).digest()


def canonical_subject_id(kind: str, text: str, iss: str) -> str:
    """The canonical id that `text` names: a lot in any GS1 spelling, all else as it must stand in a statement.

    Other kinds are named by a canonical GS1 id or by '<canonical id of a party>/<local>', a ledger by its URI. A name
    below `iss` is taken whatever form `iss` has. Raises Malformed ("subject_kind", "gs1_id", "id_not_canonical").
    """
    return canonical_id(text) if kind == "lot" else _usual_id(kind, text, iss)


def _other_id(kind: str, text: str, iss: str) -> str:
    if kind not in KINDS:
        raise Malformed("subject_kind", f"{kind[:40]!a} is no kind of subject")
    if not _is_name(kind, text, iss):
        raise Malformed(
            "id_not_canonical",
            f"{text[:80]!a} is no canonical id of a {kind}: a GS1 element string of the finest key, "
            "or a party's id, a slash and a local name, is wanted",
        )
    return text


# Parties, processes and devices come again and again; what is refused is not kept.
_usual_id = functools.lru_cache(maxsize=4096)(_other_id)


def _is_name(kind: str, text: str, iss: str) -> bool:
    if len(text) > MAX_ID:
        return False
    if kind == "ledger":
        return _URI.fullmatch(text) is not None
    if text.startswith(f"{iss}/") and _BELOW.fullmatch(text, len(iss)):
        return True
    local = _LOCAL_ID.fullmatch(text)
    return is_canonical(local[1] if local else text)


def may_create(id: str, iss: str, prefixes: Collection[str]) -> bool:  # noqa: A002  it is the subject's id
    """Whether `iss`, with these GS1 prefixes, may bring the canonical `id` into being (SPEC 4.4).

    Ids outside GS1 begin with the issuer's own id; GS1 ids with one of its prefixes.
    """
    if id.startswith(f"{iss}/"):
        return True
    if not is_canonical(id):
        return False
    digits = company_digits(id)
    return any(prefix and digits.startswith(prefix) for prefix in prefixes)


def may_create_implied(one: Implied, iss: str, prefixes: tuple[str, ...]) -> bool:
    """As `may_create`, of what a statement implies: one GTIN says the same of all its serials."""
    if one.id.startswith(_GTIN):
        return _may_create_product(one.id[:_GTIN_ENDS], iss, prefixes)
    return may_create(one.id, iss, prefixes)


@functools.lru_cache(maxsize=4096)
def _may_create_product(product: str, iss: str, prefixes: tuple[str, ...]) -> bool:
    return may_create(product, iss, prefixes)
