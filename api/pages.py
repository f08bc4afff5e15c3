"""What every page of ours has in common: templates that escape, and headers that let nothing in from elsewhere."""

from functools import cache
from pathlib import Path

import jinja2

from api.answers import FRESH

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
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    f"require-trusted-types-for 'script'; {_NOWHERE}"
}
STYLE_HEADERS = {"cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
_FOLDER = Path(__file__).parent / "templates"


@cache
def template(name: str) -> jinja2.Template:
    """One of our templates; everything put into it is escaped, and what is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,  # they come with the program: no file is looked at again
    )  # fmt: skip
    return environment.get_template(name)
