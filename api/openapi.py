"""What `/schema` says beyond what Litestar finds in the routes: bodies that handlers read themselves, and answers."""

from dataclasses import dataclass
from typing import Any

from litestar import Response, Router
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import OpenAPIMediaType, Operation, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from ledger.kernel.errors import Missing
from ledger.limits import BATCH_BODY, PROOFS, SINGLE_BODY, STATEMENTS
from schemas import wire, wire_carbon, wire_energy, wire_lots

_TEXT = "text/plain"
_JSON = "application/json"
_ARROW = "application/vnd.apache.arrow.stream"
_TEXTS = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.STRING), min_items=1, max_items=STATEMENTS)
_SIZE = Schema(type=OpenAPIType.INTEGER, minimum=1)
_INDICES = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.INTEGER, minimum=0), max_items=PROOFS)
_LEAVES = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.STRING), max_items=PROOFS)


def _object(**properties: Schema) -> Schema:
    return Schema(
        type=OpenAPIType.OBJECT, properties=dict(properties), required=list(properties), additional_properties=False
    )


def _body(description: str, **kinds: Schema) -> RequestBody:
    content = {kind: OpenAPIMediaType(schema=schema) for kind, schema in kinds.items()}
    return RequestBody(description=description, content=content, required=True)


@dataclass
class PostStatements(Operation):
    """Adds the bodies and the query of POST /v1/statements."""

    def __post_init__(self) -> None:
        """The handler reads its body itself, so that it can hold to the limits."""
        self.request_body = _body(
            f"One statement in wire form, at most {SINGLE_BODY} bytes; or a batch as JSON, at most {BATCH_BODY} bytes",
            **{
                "application/sd-jwt": Schema(type=OpenAPIType.STRING),
                "application/json": _object(statements=_TEXTS),
            },
        )
        check = Schema(type=OpenAPIType.STRING, enum=["0", "1"])
        says = "1: answer as if posted, and store nothing"
        self.parameters = [
            *(self.parameters or ()), Parameter("check", "query", schema=check, description=says, required=False)
        ]  # fmt: skip


@dataclass
class PostProofs(Operation):
    """Adds the body of POST /v1/proofs."""

    def __post_init__(self) -> None:
        """The handler reads its body itself, so that it can hold to the limits."""
        self.request_body = _body(
            f"A tree size and up to {PROOFS} indices or leaf hashes; `Accept: {_ARROW}` for an answer in Arrow",
            **{
                _JSON: Schema(one_of=[_object(size=_SIZE, indices=_INDICES), _object(size=_SIZE, leaves=_LEAVES)]),
                _ARROW: Schema(type=OpenAPIType.STRING, description="one column, `index` or `leaf` (SPEC 4.7)"),
            },
        )
        says = "the tree size, beside an Arrow body only"
        self.parameters = [
            *(self.parameters or ()), Parameter("size", "query", schema=_SIZE, description=says, required=False)
        ]  # fmt: skip


def _answers(*problems: int, **given: tuple[Any, str, str]) -> dict[int, ResponseSpec]:
    """`given` by status as s200=(struct, media type, description); `problems` by status."""
    answers = {
        int(status[1:]): ResponseSpec(container, generate_examples=False, description=says, media_type=kind)
        for status, (container, kind, says) in given.items()
    }
    for status in problems:
        answers[status] = ResponseSpec(
            wire.Problem, generate_examples=False, description="refused", media_type="application/problem+json"
        )
    return answers


_POST = (400, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503, 507)
_RECEIPTS = wire.Receipt | wire.Receipts
POST_STATEMENTS = _answers(
    *_POST,
    s201=(_RECEIPTS, _JSON, "recorded: the receipt, or the receipts of a batch"),
    s200=(_RECEIPTS | wire.Rehearsal, _JSON, "recorded before, or only checked"),
)
ENTRY = _answers(400, 401, 404, 500, s200=(wire.Receipt, _JSON, "the receipt"))
BUNDLE = _answers(400, 401, 404, 500, s200=(dict[str, Any], _JSON, "the bundle, as the specification gives it"))
COIL = _answers(
    400,
    401,
    403,
    404,
    500,
    s200=(
        wire.Passport | wire.Scans | dict[str, Any],
        _JSON,
        "the passport, its footprint as PACT has it, a bundle, or counts of scans",
    ),
)
LOTS = _answers(400, 401, 403, s200=(wire_lots.FoundLots, _JSON, "the lots that a word leads to"))
LOT = _answers(
    400,
    401,
    403,
    404,
    s200=(
        wire_lots.Lot | wire_lots.TraceUp | wire_lots.TraceDown | wire_lots.RecallList,
        _JSON,
        "the lot, a trace of it, or a recall list (also as CSV)",
    ),
)
STOCK = _answers(400, 401, 403, 404, s200=(wire_lots.Stock, _JSON, "what is at the site"))
ATTESTATIONS = _answers(400, 401, 403, 404, s200=(wire_energy.Attested, _JSON, "what the device attested"))
ATTESTATION = _answers(400, 401, 403, 404, s200=(wire_energy.Attestation, _JSON, "the attestation"))
CONSUMPTION = _answers(400, 401, 403, 404, s200=(wire_energy.Consumed, _JSON, "what the process drew"))
CBAM = _answers(400, 401, 404, s200=(wire_carbon.CbamReport, _JSON, "the report (also as a spreadsheet)"))
CLAIMS = _answers(400, 401, 404, s200=(wire_carbon.ClaimsBoard, _JSON, "every claim, and whether it holds"))
SCAN = _answers(400, 401, 404, 500, s200=(str, "text/html", "a page for people"))
RESOLVED = _answers(
    400,
    401,
    404,
    500,
    s307=(None, _TEXT, "where the link leads"),
    s200=(dict[str, Any], "application/linkset+json", "all links, with Accept or ?linkType=linkset"),
    s300=(dict[str, Any], "application/linkset+json", "the links of which nothing tells the best"),
)
DESCRIPTION = _answers(s200=(dict[str, Any], _JSON, "what this resolver is"))
INCLUSION = _answers(400, 404, s200=(wire.InclusionProof, _JSON, "the proof"))
CONSISTENCY = _answers(400, 404, s200=(wire.ConsistencyProof, _JSON, "the proof"))
PROOFS_ANSWERS = _answers(400, 404, 408, 413, 415, s200=(wire.Proofs, _JSON, "the proofs"))
CHECKPOINT = _answers(400, s200=(str, _TEXT, "the signed note"))
PARTIES = _answers(400, s200=(wire.Parties, _JSON, "every party"))
PARTY = _answers(400, 404, s200=(wire.Party, _JSON, "the party"))
HEALTH = _answers(s200=(str, _TEXT, "alive"))
READINESS = _answers(s200=(wire.Readiness, _JSON, "ready"), s503=(wire.Readiness, _JSON, "not ready"))
METRICS = _answers(s200=(str, _TEXT, "Prometheus' text format"))


def config() -> OpenAPIConfig:
    """Plain JSON and YAML: pages that load scripts from other hosts are not offered."""
    return OpenAPIConfig(
        title="coilmark",
        version="1",
        description="A ledger that follows aluminium from the bauxite mine to the finished coil.",
        openapi_router=Router(path="/schema", route_handlers=[], after_request=_found, include_in_schema=False),
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"]), YamlRenderPlugin()],
    )


def _found(response: Response[Any]) -> Response[Any]:
    """Litestar has a page of its own for what is not below /schema; here that is a problem like any other."""
    if response.status_code == 404:
        raise Missing("no_such_path", "there is nothing of that name below /schema")
    return response
