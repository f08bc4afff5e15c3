"""GET /v1/parties: who signs here, with which keys. The registry is public; profiles are not shown."""

from typing import Any

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import json
from api.body import query
from api.desk import desk_of
from ledger.kernel.errors import Missing
from ledger.kernel.keys import jwk
from ledger.kernel.party import KeyRecord, Party
from schemas import wire


@route("/v1/parties", http_method=["GET", "HEAD"], responses=openapi.PARTIES)
async def get_parties(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Every party, by id."""
    query(request)
    state = desk_of(request).log.state
    registry = state.registry
    return json(
        wire.Parties(
            ledger=registry.uri,
            operator=registry.operator,
            size=state.published.checkpoint.size,
            parties=[_party(party) for _, party in sorted(registry.parties.items())],
        )
    )


@route("/v1/parties/{party:path}", http_method=["GET", "HEAD"], responses=openapi.PARTY)
async def get_party(request: Request[Any, Any, Any]) -> ASGIResponse:
    """One party, by its canonical id."""
    query(request)
    party = request.path_params["party"].removeprefix("/")
    found = desk_of(request).log.state.registry.parties.get(party)
    if found is None:
        raise Missing("no_party", f"party {ascii(party[:80])[1:-1]} is not enrolled in this ledger")
    return json(_party(found))


def _party(party: Party) -> wire.Party:
    return wire.Party(
        id=party.id,
        name=party.name,
        roles=sorted(party.roles),
        prefixes=list(party.prefixes),
        keys=[_key(record) for record in party.keys.values()],
    )


def _key(record: KeyRecord) -> wire.Key:
    return wire.Key(
        kid=record.key.kid,
        jwk=jwk(record.key),
        added=record.added,
        recovery=record.recovery,
        ended=record.ended,
        reason=record.reason or None,
        disputed_from=record.disputed_from,
    )
