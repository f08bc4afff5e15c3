"""`coilmark link`: what a GS1 Digital Link says, compressed or not, and what is wrong with it."""

import json

import click

from ledger.digital_link.compression import understand
from ledger.digital_link.link import Link
from ledger.digital_link.reading import STRICT, Permit

_PERMISSIVE = Permit(names=True, short_gtins=True, unknown=True)


@click.command()
@click.argument("uri")
@click.option(
    "--permissive", is_flag=True, help="Take names like gtin and lot, GTINs without leading zeros, unknown AIs."
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(*, uri: str, permissive: bool, as_json: bool) -> None:
    """Read a GS1 Digital Link, and say what is wrong with it.

    URI may be compressed. Check digits, character sets, dates and the order of qualifiers are checked; company
    prefixes, country and currency codes are not looked up. Exits 1 where the link is wrong.
    """
    link = understand(uri, _PERMISSIVE if permissive else STRICT)
    if as_json:
        click.echo(json.dumps(_told(link)))
        return
    for ai, value in link.elements:
        click.echo(f"({ai}) {value}")
    click.echo(f"link            {link.uri}")
    click.echo(f"element string  {link.element_string('^')}   (^ is FNC1)")


def _told(link: Link) -> dict[str, object]:
    return {
        "key": list(link.key),
        "qualifiers": [list(one) for one in link.qualifiers],
        "attributes": [list(one) for one in link.attributes],
        "others": list(link.others),
        "uri": link.uri,
        "element_string": link.element_string(),
    }
