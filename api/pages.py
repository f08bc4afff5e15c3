"""What every page of ours has in common: templates that escape, and headers that let nothing in from elsewhere."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from litestar import Request
from litestar.response.base import ASGIResponse

from api.answers import FRESH, raw
from api.packing import Page, gzipped

_NOWHERE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    **FRESH,
    "content-security-policy": f"default-src 'none'; style-src 'self'; {_NOWHERE}",
    "referrer-policy": "no-referrer",
    "vary": "authorization, accept-language",
    "x-content-type-options": "nosniff",
}
# Scripts are our own files and never stand in the page, write no markup, and reach this server and nobody else.
WITH_SCRIPT = HEADERS | {
    "vary": "authorization, accept-language, accept-encoding",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    f"require-trusted-types-for 'script'; {_NOWHERE}",
}
STYLE_HEADERS = {"cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
_GZIP = re.compile(r"gzip(?:\s*;\s*q=(?!0(?:\.0*)?$)[0-9.]{1,5})?", re.ASCII | re.IGNORECASE)
_FOLDER = Path(__file__).parent / "templates"


def page_answer(
    request: Request[Any, Any, Any], page: Page, headers: Mapping[str, str], status: int = 200
) -> ASGIResponse:
    """A page, packed where the browser takes that: one of a coil has 40 kB and goes in 10.

    What it shows it shows whoever has its link, and nothing of what a third party may add to that: it can be packed
    together with the label's code, which nobody learns from its length (BREACH).
    """
    if not takes_gzip(request):
        return raw(page.body, "text/html", headers, status)
    return raw(gzipped(page), "text/html", {**headers, "content-encoding": "gzip"}, status)


def takes_gzip(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser says so (RFC 9110 12.5.3); `gzip;q=0` says that it does not."""
    return any(_GZIP.fullmatch(one.strip()) for one in request.headers.get("accept-encoding", "").split(","))


@cache
def template(name: str) -> jinja2.Template:
    """One of our templates; everything put into it is escaped, and what is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,  # they come with the program: no file is looked at again
    )  # fmt: skip
    return environment.get_template(name)
