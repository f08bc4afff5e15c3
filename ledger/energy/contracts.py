"""What a `contract` does: its terms, and how much power was allocated under it so far."""

from ledger.energy.book import Book, contract_key
from ledger.energy.records import Contract
from ledger.energy.said import Said
from ledger.kernel.errors import RuleBroken, Unauthorised
from ledger.kernel.moments import micros


def agree(book: Book, said: Said) -> None:
    """C5: a contract's newest terms; only who stated it first changes it. Raises Unauthorised, RuleBroken."""
    body, old = said.body, book.get(contract_key(said.body["id"]))
    start, end = micros(body["valid"]["from"]), micros(body["valid"]["to"])
    if start >= end:
        raise RuleBroken("contract", f"it is valid from {body['valid']['from']} to {body['valid']['to']}")
    if isinstance(old, Contract) and old.issuer != said.issuer:
        says = f"contract {old.id} was stated by {old.issuer}: {said.issuer} does not change it"
        raise Unauthorised("not_yours", says, id=old.id)
    new = Contract(
        id=body["id"],
        issuer=said.issuer,
        index=said.index,
        kind=body["kind"],
        in_force=body["status"] == "in-force",
        sender=body["from"],
        receiver=body["to"],
        start=start,
        end=end,
        max_wh=body.get("max_wh", 0),
        used=old.used if isinstance(old, Contract) else 0,
        devices=tuple(body.get("devices", ())),
        processes=tuple(body.get("processes", ())),
        documents=tuple(sorted({one["kind"] for one in body.get("documents", ()) if "kind" in one})),
    )
    book.put(contract_key(new.id), new)
