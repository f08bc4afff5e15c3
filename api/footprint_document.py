"""A piece's footprint as the PACT document of its passport."""

from typing import Any

from api.desk import Desk
from ledger.carbon.reports.pact import Holder, Recorded, pact_document
from ledger.kernel.moments import rfc3339
from ledger.kernel.subjects import subject_key
from ledger.passports import Standing
from ledger.store.access import Reader


def document_of(desk: Desk, piece: str, found: Standing, reader: Reader) -> dict[str, Any]:
    """The document; its earlier versions are those of the passport. Raises Missing where it says no footprint."""
    body, registry = found.body(reader), desk.log.state.registry
    party = registry.party(body["facts"].get("maker", found.statement.iss))
    with desk.log.store.reading() as transaction:
        versions = transaction.versions(subject_key("passport", piece))
    recorded = Recorded(
        ledger=desk.log.uri,
        entry=found.index,
        time=rfc3339(found.sound.entry.recorded_at),
        earlier=[entry for entry in versions if entry < found.index],
        pending=found.since is not None,
    )
    return pact_document(body, Holder(party.id, party.name, party.prefixes), recorded)
