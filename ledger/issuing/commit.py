"""Passports in the commit that ships a piece: computed from the state with its shipment, recorded right after it."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeAlias

from ledger.admission.statements import admit
from ledger.admission.view import View, subjects_of
from ledger.checking.statements import Checked, check
from ledger.issuing.passport_source import ViewSource
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.lineage import SEED_SIZE
from ledger.passport.body import pieces_sent_off
from ledger.passport.footprint import Accounted
from ledger.passport.issue import Basis, Issuer, body_of, signed

# A piece's footprint, as of the newest state that was accounted for; None where nothing is known of it.
Accounting: TypeAlias = Callable[[str], Accounted | None]

_log = logging.getLogger(__name__)


def pieces_shipped(view: View) -> list[str]:
    """Every piece that an event of this commit sends off, also inside a unit, each once."""
    events = (view.lots.effects(row.stored.index) for row in view.rows if row.stored.typ == "lot-event")
    return list(dict.fromkeys(piece for one in events if one is not None for piece in pieces_sent_off(one)))


def unaccounted(_piece: str) -> None:
    """Nothing is known of any footprint."""


def issue_passports(
    view: View,
    pieces: Iterable[str],
    state: Basis,
    issuer: Issuer,
    randomness: Callable[[int], bytes],
    *,
    accounted: Accounting = unaccounted,
) -> None:
    """Admit a passport of each piece as of `state`, which has every entry that the commit had so far.

    It states the footprint that was accounted for before, where nothing was done to the piece since but sending it off.
    What plants record never waits for this: a passport that cannot be made is logged, and made by the restater.
    """
    source = ViewSource(view)
    for piece in pieces:
        try:
            body = body_of(piece, source, state, issuer.rules, _still(accounted(piece), piece, source))
            checked = check(
                signed(body, issuer, state.registry, now=view.now),
                audience=state.registry.uri,
                keys=state.registry.all_keys(),
            )
            _fetch(view, checked)
            with view.attempt():
                admit(view, checked, seed=randomness(SEED_SIZE))
        except CoilmarkError as error:
            _log.warning("no passport of %s was made: %s", piece, error.sentence)
        except Exception:  # noqa: BLE001  a slip of ours in a passport is no reason to refuse a shipment
            _log.exception("no passport of %s was made", piece)


def _still(known: Accounted | None, piece: str, source: ViewSource) -> Accounted | None:
    """What was accounted for, if it is of the piece as it is: moved and packed since, and not worked on."""
    if known is None:
        return None
    later = [entry for entry in source.versions([piece])[piece] if entry >= known.size]
    for one in source.effects(later).values():
        packed = (row.lot for row in (*one.packed, *one.unpacked))
        if piece not in {*(moved.lot for moved in one.moved), *packed}:
            return None
    return known


def _fetch(view: View, checked: Checked) -> None:
    """Look up what the passport refers to and no statement of this commit did."""
    unknown = {subject for subject in subjects_of(checked) if subject not in view.newest}
    view.newest.update(view.transaction.newest(unknown))
    view.requests.update(view.transaction.requests({checked.request}))
