"""What every page of ours has in common: templates that escape, and headers that let nothing in from elsewhere."""

from functools import cache
from pathlib import Path

import jinja2

from api.answers import FRESH

HEADERS = {
    **FRESH,
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "vary": "authorization",
    "x-content-type-options": "nosniff",
}
STYLE_HEADERS = {"cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
_FOLDER = Path(__file__).parent / "templates"


@cache
def template(name: str) -> jinja2.Template:
    """One of our templates; everything put into it is escaped, and what is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(name)
