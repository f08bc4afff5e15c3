"""Which disclosures a `notice` of erasure may destroy (SPEC 4.2): free text that no rule reads, and nothing else."""

from collections.abc import Collection
from typing import Any

from ledger.checking.quick_json import parse_quickly
from ledger.kernel.disclosure import DIGESTS, Disclosure
from ledger.kernel.encoding import b64url_decode
from ledger.kernel.errors import RuleBroken
from ledger.kernel.statement import Statement
from ledger.kernel.strict_json import decode
from ledger.store.store import Stored

ERASABLE = "note"
# SPEC 4.2: these bodies have no free text, or none that could be missed.
NEVER = frozenset({"ledger", "party", "key", "lot-event", "passport"})


def texts_to_erase(stored: Stored, digests: Collection[str]) -> tuple[str, ...]:
    """The disclosures of one entry that these digests name. Raises RuleBroken where one of them may not be erased."""
    statement = parse_quickly(stored.wire)
    given = {disclosure.digest: disclosure for disclosure in statement.disclosures}
    outermost = _outermost(statement)
    return tuple(_erasable(stored, statement, digest, given.get(digest), outermost).text for digest in digests)


def _erasable(
    stored: Stored, statement: Statement, digest: str, found: Disclosure | None, outermost: Collection[str]
) -> Disclosure:
    if found is None:
        raise RuleBroken("erasure", f"entry {stored.index} has no disclosure {digest} that could be erased")
    if statement.typ in NEVER or found.name != ERASABLE or digest not in outermost:
        raise RuleBroken(
            "erasure",
            f"disclosure {digest} of entry {stored.index} is not the {ERASABLE} of its body: a rule may read it, so it "
            "may be withheld but never erased",
        )
    return found


def _outermost(statement: Statement) -> Collection[str]:
    """The digests that stand in the body itself, not in a part of it."""
    payload: Any = decode(b64url_decode(statement.jwt.split(b".")[1].decode("ascii")), "the payload")
    digests: list[str] = payload[statement.typ].get(DIGESTS, [])
    return digests
