"""The example's bodies through the same folds as a server's, in memory: what the accounts are given."""

from example_park import KINDS, SITE, process
from small_ledger import OPERATOR, PLANT

from ledger.bodies import check_body
from ledger.carbon.given import Given, Process, close_of, step_of
from ledger.carbon.streams import read_stream
from ledger.kernel.moments import micros
from ledger.lots.book import Book
from ledger.lots.event import placed, read_event
from ledger.lots.fold import apply
from ledger.lots.records import Lot


def given(statements, hours=()):
    """What the accounts are made of, from (typ, body) in order and hours of power."""
    book, steps, streams, closes = Book(), [], [], []
    for index, (typ, body) in enumerate(statements):
        check_body(typ, body)
        if typ == "lot-event":
            steps.append(_step(book, body, index))
        elif typ == "emission-source":
            streams.append(read_stream(body, index))
        else:
            closes.append(close_of(body, PLANT.id, index))
    processes = {process(kind): Process(process(kind), kind, SITE, PLANT.id) for kind in KINDS}
    lots = (one for one in book.records().values() if isinstance(one, Lot))
    described = {lot.id: {name: str(value) for name, value in lot.attributes.items()} for lot in lots}
    return Given(tuple(steps), tuple(hours), tuple(streams), tuple(closes), processes, described)


def _step(book, body, index):
    event = placed(
        read_event(body, issuer=PLANT.id, jti=f"urn:{index}"), index=index, recorded_at=micros(body["eventTime"]),
        processes={process(kind): kind for kind in KINDS}, accuracies={},
    )  # fmt: skip
    done = apply(book, event, operator=OPERATOR.id, sites={SITE: PLANT.id})
    return step_of(done, event, {part.id: book.lot(part.id).g for part in event.things if book.lot(part.id).g})
