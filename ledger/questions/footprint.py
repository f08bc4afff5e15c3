"""The footprint of a piece as the PACT document of its newest passport."""

from typing import Any

from ledger.carbon.reports.pact import Holder, Recorded, pact_document
from ledger.checking.quick_json import parse_quickly
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import Missing
from ledger.kernel.moments import rfc3339
from ledger.kernel.subjects import subject_key
from ledger.questions.asking import Asked


def footprint_document(asked: Asked, piece: str, *, pending: bool = False) -> dict[str, Any]:
    """The document; those before it are of the passport's earlier versions. `pending`: it is about to be restated.

    Whether the reader may see the passport is for the caller. Raises Missing where none is, or no footprint on it.
    """
    versions = asked.transaction.versions(subject_key("passport", piece))
    entries = [entry for entry in versions if entry < asked.size]
    if not entries:
        raise Missing("no_passport", f"there is no passport of {piece} as of {asked.size} entries", id=piece)
    stored = asked.transaction.entry(entries[-1])
    statement = parse_quickly(stored.wire)
    party = asked.registry.party(statement.body["facts"].get("maker", statement.iss))
    recorded = Recorded(
        ledger=asked.registry.uri,
        entry=stored.index,
        time=rfc3339(parse_entry(stored.entry).recorded_at),
        earlier=entries[:-1],
        pending=pending,
    )
    return pact_document(statement.body, Holder(party.id, party.name, party.prefixes), recorded)
