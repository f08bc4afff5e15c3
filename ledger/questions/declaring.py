"""The statement by which an issuer says that an event of his was wrong (SPEC 4.8, rule 5.6)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.kernel.errors import Malformed
from ledger.kernel.moments import rfc3339
from ledger.kernel.statement import parse
from ledger.questions.asking import Asked


def declaration(asked: Asked, entry: int, *, reason: str, corrections: Sequence[str], now: int) -> Mapping[str, Any]:
    """The event of an entry again, under its name, with its error; `now` in µs since 1970, `corrections` are eventIDs.

    What it says of its lots in al:attributes is left out: some of it may be for few readers. Raises Missing, and
    Malformed ("not_an_event") for what cannot be declared wrong.
    """
    statement = parse(asked.transaction.entry(entry).wire)
    if statement.typ != "lot-event" or "errorDeclaration" in statement.body:
        raise Malformed("not_an_event", f"entry {entry} is no event that could be declared wrong")
    kept = {name: value for name, value in statement.body.items() if name != "al:attributes"}
    error = {"declarationTime": rfc3339(now), "reason": reason, "correctiveEventIDs": list(corrections)}
    return {"eventID": statement.jti, **kept, "errorDeclaration": error}
