"""What only the whole ledger can judge of a statement: a range sends it home, `afterwards` judges it."""

from dataclasses import dataclass, field
from typing import Any

from ledger.kernel import strict_json
from ledger.kernel.disclosure import DIGESTS, ELEMENT
from ledger.kernel.encoding import b64url_decode
from ledger.kernel.statement import Statement


@dataclass(frozen=True, slots=True)
class Declared:
    """An event that declares another wrong: which one, and the subjects it touches on that one's behalf."""

    index: int
    event: bytes
    request: bytes  # the other's key, where it has no eventID and is named by its jti
    own: frozenset[bytes]
    more: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Remade:
    """An event that makes what has a history; `correction` is the name under which it was promised, where it was."""

    index: int
    correction: bytes | None
    subjects: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Digests of one statement that nothing stored opens; `outermost` are those that stand in its body itself."""

    index: int
    typ: str
    digests: frozenset[str]
    outermost: frozenset[str]


@dataclass(frozen=True, slots=True)
class Issued:
    """A passport's entry and piece, the size that it is of, and that of the state whose footprint it states, if any."""

    index: int
    piece: str
    as_of: int
    accounts: int | None


@dataclass(slots=True)
class Deferred:
    """What only the whole ledger can judge, of one range."""

    declared: list[Declared] = field(default_factory=list)
    remade: list[Remade] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    passports: list[Issued] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    erased: list[tuple[int, int, frozenset[str]]] = field(default_factory=list)  # notice, entry, digests


def withheld(index: int, statement: Statement) -> Withheld:
    """What no disclosure of a statement opens, neither in its payload nor in what its other disclosures hold."""
    payload: Any = strict_json.decode(b64url_decode(statement.jwt.split(b".")[1].decode("ascii")), "the payload")
    met: set[str] = set()
    level: list[Any] = [payload, *(one.value for one in statement.disclosures)]
    while level:
        node = level.pop()
        if isinstance(node, dict):
            met.update(node.get(DIGESTS, ()), [node[ELEMENT]] if ELEMENT in node else ())
            level += node.values()
        elif isinstance(node, list):
            level += node
    digests = frozenset(met - {one.digest for one in statement.disclosures})
    return Withheld(index, statement.typ, digests, digests & frozenset(payload[statement.typ].get(DIGESTS, ())))


def issued(index: int, statement: Statement) -> Issued:
    """What a passport says of the states that it was computed from; a later state than its own is none."""
    body = statement.body
    size, accounts = int(body["as_of"]["size"]), body.get("accounts")
    return Issued(index, body["piece"], size, min(int(accounts["size"]), size) if accounts is not None else None)
