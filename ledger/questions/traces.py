"""Where a lot came from and where it went, with masses; and whom to call back (rule 5.2)."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping

from ledger.kernel.moments import rfc3339
from ledger.lots.ancestry import up
from ledger.lots.descent import Descent, down
from ledger.lots.genealogy import Correction, End, Loader, Trace, recycled, starts_of
from ledger.lots.recall import Recall, recall, starts_from_lot
from ledger.lots.records import NOBODY, Effects
from ledger.questions.asking import Asked
from ledger.questions.findings import of_trace
from schemas import wire_lots as said


def trace_up(asked: Asked, name: str) -> said.TraceUp:
    """Back to where the metal of a lot came from. Raises Missing."""
    found, load = asked.lot(name), _remembering(asked.source.effects)
    trace = up(starts_of(found, at=asked.size - 1, load=load), load, asked.source.changes)
    shares, told = recycled(trace), load(_entries(trace))
    return said.TraceUp(
        lot=name,
        as_of=asked.size,
        ug=str(trace.ug),
        nodes=_nodes(told, trace),
        ends=[_end(asked, one) for one in trace.ends],
        folded=said.Folded(count=trace.folded, ug=str(trace.folded_ug)),
        shares=said.ScrapShares(
            internal=str(shares.internal),
            pre_consumer=str(shares.pre_consumer),
            post_consumer=str(shares.post_consumer),
            unknown=str(shares.unknown),
            recycled=str(shares.recycled),
        ),
        corrections=_corrected(trace.corrections),
        findings=of_trace(told, {name, *trace.lots}),
    )


def _remembering(load: Loader) -> Loader:
    """A loader that asks for no entry twice: what a trace went through is told of afterwards."""
    known: dict[int, Effects] = {}

    def loaded(entries: Collection[int]) -> Mapping[int, Effects]:
        known.update(load([entry for entry in entries if entry not in known]))
        return {entry: known[entry] for entry in entries if entry in known}

    return loaded


def _entries(trace: Trace | Descent) -> set[int]:
    """The events that a trace goes through, those that declare one of them wrong, and what took its place."""
    corrected = {entry for one in trace.corrections for entry in (one.declared_by, one.replaced_by)}
    return {node.entry for node in trace.nodes} | corrected - {NOBODY}


def _end(asked: Asked, one: End) -> said.TraceEnd:
    party = asked.source.told(one.entry).sender if one.reason == "late" else ""
    return said.TraceEnd(
        entry=one.entry, lot=one.lot, reason=one.reason, ug=str(one.ug), scrap=one.scrap, party=party
    )  # fmt: skip


def _nodes(told: Mapping[int, Effects], trace: Trace) -> list[said.TraceNode]:
    return [
        said.TraceNode(
            entry=node.entry,
            issuer=told[node.entry].issuer,
            what=node.what,
            time=rfc3339(told[node.entry].time),
            ug=str(node.ug),
            parents=[said.TraceEdge(entry=one.entry, lot=one.lot, ug=str(one.ug)) for one in node.parents],
        )
        for node in trace.nodes
    ]


def trace_down(asked: Asked, name: str) -> said.TraceDown:
    """To every later event that has some of a lot. Raises Missing."""
    load = _remembering(asked.source.effects)
    found = _descent(asked, name, load)
    places = [
        said.WentTo(lot=place[0], holder=place[1], delivery=place[2], ug=str(ug), more=place in found.unweighed)
        for place, ug in sorted({**dict.fromkeys(found.unweighed, 0), **found.places}.items())
    ]
    return said.TraceDown(
        lot=name,
        as_of=asked.size,
        ug=str(found.ug),
        nodes=[
            said.DownNode(entry=one.entry, what=one.what, ug=str(one.ug), more=one.more, lots=list(one.lots))
            for one in found.nodes
        ],
        places=places,
        left={kind: str(ug) for kind, ug in found.left.items()},
        folded=said.Folded(count=found.folded, ug=str(found.folded_ug)),
        corrections=_corrected(found.corrections),
        findings=of_trace(load(_entries(found)), {name, *_reached(found)}),
    )


def _reached(found: Descent) -> set[str]:
    """The lots that have some of it, or had."""
    return {lot for node in found.nodes for lot in node.lots} | {lot for lot, *_ in (*found.places, *found.unweighed)}


def recall_list(asked: Asked, name: str) -> said.RecallList:
    """What was sent off with some of a lot in it, and to whom. Raises Missing."""
    found = _descent(asked, name, _remembering(asked.source.effects))
    deliveries = asked.deliveries({one.delivery for one in found.sent})
    return said.RecallList(lot=name, as_of=asked.size, rows=[_called(asked, one) for one in recall(found, deliveries)])


def _called(asked: Asked, one: Recall) -> said.RecallRow:
    """A piece that was sent off unweighed has the mass that somebody gave it since, if anybody did."""
    weighs = one.g or (known.g if (known := asked.source.lot(one.lot)) is not None else None)
    return said.RecallRow(
        lot=one.lot, delivery=one.delivery, customer=one.customer, g=weighs, ug=str(one.traced_ug), more=one.more
    )  # fmt: skip


def as_csv(found: said.RecallList) -> str:
    """A recall list for a spreadsheet. A cell that a program could take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["lot", "delivery", "customer", "g", "traced_ug"])
    for row in found.rows:
        g = "unknown" if row.g is None else row.g
        writer.writerow([_plain(row.lot), _plain(row.delivery), _plain(row.customer), g, _traced(row)])
    return out.getvalue()


def _traced(row: said.RecallRow) -> str:
    if not row.more:
        return row.ug
    return "unknown" if row.ug == "0" else f"at least {row.ug}"


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _descent(asked: Asked, name: str, load: Loader) -> Descent:
    asked.lot(name)
    changes = asked.source.changes
    return down(starts_from_lot(name, load, changes), load, changes)


def _corrected(corrections: Iterable[Correction]) -> list[said.Corrected]:
    return [
        said.Corrected(
            wrong=one.wrong,
            declared_by=one.declared_by,
            replaced_by=None if one.replaced_by == NOBODY else one.replaced_by,
        )
        for one in corrections
    ]
