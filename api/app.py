"""The application, made when asked for: nothing happens when this module is imported."""

from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp

from api import openapi
from api.desk import keep
from api.errors import on_error
from api.looking import look_first
from api.page_times import timing_pages
from api.routes import (
    browser,
    carbon,
    checkpoint,
    coils,
    energy,
    entries,
    health,
    lots,
    page,
    parties,
    proofs,
    resolver,
    statements,
)
from api.settings import Settings, of_process
from api.straight import straight


def create_app(settings: Settings) -> Litestar:
    """An application over one ledger, which it opens when it starts and closes when it stops."""
    return Litestar(
        route_handlers=[
            statements.post_statements,
            statements.post_forwarded,
            entries.get_entry,
            entries.get_bundle,
            proofs.get_inclusion,
            proofs.get_consistency,
            proofs.post_proofs,
            coils.get_scan,
            coils.get_coil,
            checkpoint.get_checkpoint,
            parties.get_parties,
            parties.get_party,
            lots.get_lots,
            lots.get_lot,
            lots.get_stock,
            energy.get_attestations,
            energy.get_attestation,
            energy.get_consumption,
            carbon.get_cbam,
            carbon.get_claims,
            carbon.get_claims_page,
            health.get_health,
            health.get_readiness,
            health.get_metrics,
            browser.get_verify,
            browser.get_asset,
            page.get_page,
            page.get_style,
            resolver.get_description,
            resolver.get_link,
            resolver.get_link_of_other_key,
            resolver.get_compressed_link,
        ],
        before_request=look_first,
        lifespan=[keep(settings)],
        exception_handlers={Exception: on_error},
        openapi_config=openapi.config(),
        request_max_body_size=None,  # `api.body` reads, with a limit for each kind of request
        logging_config=None,
        debug=False,
    )


def from_environ() -> ASGIApp:
    """What a server calls: `uvicorn --factory api.app:from_environ`."""
    return as_served(create_app(of_process()))


def as_served(app: Litestar) -> ASGIApp:
    """The application with what stands in front of it."""
    return timing_pages(app, straight(app, plainly_failing(app)))


def plainly_failing(app: Litestar) -> ASGIApp:
    """The application, which says in a sentence why its ledger cannot be served, where Litestar gives a traceback."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        async def plain_send(message: Any) -> None:
            if message["type"] == "lifespan.startup.failed" and "not_served" in app.state:
                message["message"] = f"this ledger is not served: {app.state['not_served']}"
            await send(message)

        await app(scope, receive, plain_send if scope["type"] == "lifespan" else send)

    return served
