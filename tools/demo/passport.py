"""The demo's coil: its passport in two bundles, its label, and what a customer does with them."""

from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.gs1 import canonical_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.passport.issue import Issuer
    from ledger.recording.log import Log, Submission
    from ledger.recording.pace import Outcome
    from ledger.upkeep.restating import Restater
    from tools.demo.ledger import Stage

_DOTS = 203.2  # an inch: 8 a mm
_DOT = 25_400 / _DOTS  # µm
SHORT, FULL, SVG, PNG = "coil.short.coilmark.json", "coil.full.coilmark.json", "coil.svg", "coil.png"


def issuer_of(stage: "Stage") -> "Issuer":
    """The park signs passports with its own key; their salts are from the demo's stream."""
    from ledger.passport.issue import Issuer  # noqa: PLC0415  brings the lots with it
    from ledger.rules import rule_set  # noqa: PLC0415  likewise
    from tools.park.actors import PARK  # noqa: PLC0415  likewise

    return Issuer(stage.signer(PARK), rule_set(), stage.randomness)


def restate(stage: "Stage", log: "Log") -> int:
    """Say in passports what has happened since they were made; how many were made again."""
    return restate_with(restater_of(stage, log), stage)


def restater_of(stage: "Stage", log: "Log") -> "Restater":
    """One that has seen nothing yet."""
    from ledger.upkeep.restating import Restater  # noqa: PLC0415  see issuer_of

    return Restater(log, lambda some: _recorded(log, some), issuer_of(stage), 0)


def restate_with(restater: "Restater", stage: "Stage") -> int:
    """Let it catch up; how many passports were made again."""
    made = 0
    while more := restater.round(now=stage.clock()):
        made += more
    return made


def _recorded(log: "Log", submissions: "Sequence[Submission]") -> "Future[list[Outcome]]":
    answer: Future[list[Outcome]] = Future()
    answer.set_result(log.append(submissions))
    return answer


def keep(stage: "Stage", log: "Log", piece: str, base: str) -> str:
    """Bundles and label of a piece, in the demo's folder; its link."""
    from ledger.passport.codes import link_of  # noqa: PLC0415  likewise
    from ledger.recording.opening import load_codes  # noqa: PLC0415  likewise
    from ledger.showing import passports  # noqa: PLC0415  see issuer_of
    from ledger.store.access import ANYONE, EVERYTHING  # noqa: PLC0415  likewise

    name = canonical_id(piece)
    found = passports.standing(log, name)
    link = link_of(base, name, load_codes(stage.places))
    (stage.folder / SHORT).write_bytes(encode_bundle(passports.short(log, found, ANYONE)))
    (stage.folder / FULL).write_bytes(encode_bundle(passports.full(log, found, EVERYTHING)))
    _draw(stage, log, name, link)
    return link


def _draw(stage: "Stage", log: "Log", piece: str, link: str) -> None:
    """The coil tag as picture in its size, and dot by dot for a printer."""
    from ledger.labels import png, svg  # noqa: PLC0415  see issuer_of
    from ledger.labels.recorded import fingerprints, recorded_facts  # noqa: PLC0415  likewise
    from ledger.labels.tag import Facts, Tag  # noqa: PLC0415  likewise
    from ledger.labels.template import lay_out  # noqa: PLC0415  likewise
    from ledger.questions.asking import Asked  # noqa: PLC0415  likewise
    from ledger.store.access import EVERYTHING  # noqa: PLC0415  likewise

    gtin, _, serial = piece.removeprefix("(01)").partition("(21)")
    state = log.state
    with log.store.reading() as transaction:
        asked = Asked(transaction, state.published.checkpoint.size, state.registry, EVERYTHING)
        tag = Tag(gtin, serial, link, Facts(**recorded_facts(asked, piece)), fingerprints(asked))
    (stage.folder / SVG).write_text(svg.svg(lay_out(tag)), "utf-8")
    (stage.folder / PNG).write_bytes(png.png(lay_out(tag, dot=_DOT), _DOTS))


def show(folder: Path, link: str) -> None:
    """The label in the terminal, and where it leads."""
    from ledger.labels.symbols import terminal  # noqa: PLC0415  see issuer_of

    click.echo(terminal(link), nl=False)
    click.echo(f"  {link}")
    click.echo(f"  {folder / SVG} and {folder / PNG} hold the same; the link opens its page once the ledger is served.")
