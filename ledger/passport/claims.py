"""What the shipment of a piece was claimed to be, as its passport says it (SPEC 4.9.5, 5.9)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.kernel.party import Registry
from ledger.lots.records import Effects
from ledger.lots.sharing import share
from ledger.passport.story import Source, Story


def claims_of(story: Story, source: Source, registry: Registry) -> Iterator[dict[str, Any]]:
    """The claims of its newest shipment, this piece's share of each by mass; none once it is back with its sender."""
    sent = _newest_shipment(story)
    if sent is None:
        return
    scopes = _scopes(registry, sent.issuer)
    shipped = {lot: g for lot, g in _masses(sent).items() if g > 0}
    for scope, g in source.told(sent.index).claims:
        scheme = {"scheme": scopes[scope]["scheme"]} if scope in scopes else {}
        mass = share(g, shipped)[story.piece.id]
        yield {
            "entry": sent.index, "party": sent.issuer, "scope": scope, **scheme, "model": "mass-balance", "mass": mass,
        }  # fmt: skip


def shares_as_said(claims: Sequence[Mapping[str, Any]], said: object, source: Source) -> list[Mapping[str, Any]]:
    """These claims, each with the share that `said` has in its place where that is at most all that was claimed.

    A bundle need not hold what else was shipped, by whose mass it is shared.
    """
    rows = said if isinstance(said, list) and len(said) == len(claims) else [None] * len(claims)
    return [_with_share(one, row, source) for one, row in zip(claims, rows, strict=True)]


def _with_share(one: Mapping[str, Any], row: object, source: Source) -> Mapping[str, Any]:
    most = dict(source.told(one["entry"]).claims)[one["scope"]]
    mass = row.get("mass") if isinstance(row, dict) else None
    return {**one, "mass": mass} if type(mass) is int and 0 <= mass <= most else one


def _newest_shipment(story: Story) -> Effects | None:
    sent, piece = None, story.piece.id
    for entry in story.way:
        one = story.effects[entry]
        if _masses(one).get(piece, 0) > 0:
            sent = one
        elif sent is not None and one.issuer == sent.issuer and any(moved.lot == piece for moved in one.moved):
            sent = None
    return sent


def _masses(one: Effects) -> Mapping[str, int]:
    """What an event ships of each lot, in g."""
    masses: dict[str, int] = {}
    for moved in one.moved:
        masses[moved.lot] = masses.get(moved.lot, 0) + moved.shipped
    return masses


def _scopes(registry: Registry, party: str) -> Mapping[str, Mapping[str, Any]]:
    found = registry.parties.get(party)
    return {} if found is None else found.claim_scopes
