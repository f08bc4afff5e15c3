"""What the ledger answers about lots: state, history, both ways of a trace, stock, recall, look-up; at any size."""

import csv
import io

import pytest
from small_ledger import PLANT, ROLLING

from ledger.kernel.errors import Malformed, Missing
from ledger.kernel.gs1 import canonical_id
from ledger.questions.asking import Asked, as_of
from ledger.questions.lots import lot, lots_by
from ledger.questions.stock import stock
from ledger.questions.traces import as_csv, recall_list, trace_down, trace_up
from ledger.showing.passports import standing
from ledger.store.access import ANYONE, EVERYTHING, Reader
from schemas.wire_lots import RecallList, RecallRow
from tests.passport import small_mill as mills
from tests.passport.small_mill import CUSTOMER, TONNE, handed, piece, site, small_mill


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    """Coils A-1 and A-2 are made; A-1 is sent to the customer, a slab B waits in transit, something came late."""
    with small_mill(tmp_path_factory.mktemp("mill")) as mill:
        mill.make_coils("A")
        mill.shipped = mill.send(ROLLING, CUSTOMER, (piece("A-1"), None), paper="OUT-1")
        mill.taken = mill.take(CUSTOMER, ROLLING, (piece("A-1"), None), paper="OUT-1")
        mill.new(PLANT, (mills.lot("LATE", 8), 5 * TONNE), origin="late", **handed(ROLLING, PLANT, "IN-1"))
        mill.make(PLANT, "electrolysis", [(mills.lot("SILO", 3), TONNE)], [], transformationID="urn:r:9", al_run="open")
        yield mill


def asking(mill, question, *words, size=None, reader=EVERYTHING):
    state = mill.world.log.state
    with mill.world.log.store.reading() as transaction:
        reached = state.published.checkpoint.size
        return question(Asked(transaction, as_of(size, reached), state.registry, reader), *words)


def coil(name):
    return canonical_id(piece(name))


def test_a_coil_has_its_state_and_history(mill):
    found = asking(mill, lot, coil("A-1"))
    assert (found.piece, found.source, found.maker, found.g) == (True, "made", ROLLING.id, 7_500_000)
    assert [(one.holder, one.g) for one in found.holdings if one.g] == [(CUSTOMER.id, 7_500_000)]
    assert [step.what for step in found.history] == [
        "receiving", "shipping", "inspecting", "holding", "slitting"
    ]  # fmt: skip
    assert (found.history[0].added, found.history[1].taken) == (7_500_000, 7_500_000)
    assert found.attributes["order"] == "PO-A"


def test_the_same_coil_before_it_was_shipped(mill):
    found = asking(mill, lot, coil("A-1"), size=mill.shipped)
    assert [(one.holder, one.delivery, one.g) for one in found.holdings] == [(ROLLING.id, "", 7_500_000)]
    under_way = asking(mill, lot, coil("A-1"), size=mill.taken)
    assert [one.delivery for one in under_way.holdings if one.g] == [f"{ROLLING.id} urn:example:OUT-1"]


def test_findings_stand_with_the_lot_and_its_numbers(tmp_path):
    with small_mill(tmp_path) as other:
        other.make_coils("A")
        silo = mills.lot("SILO", 3)
        masses = {"quantityList": [{"epcClass": silo, "quantity": 20 * TONNE, "uom": "GRM"}]}
        other.say(PLANT, "Object", action="OBSERVE", bizStep="stock_taking", **masses)
        found = asking(other, lot, canonical_id(silo))
    (finding,) = (one for one in found.findings if one.rule == "count_up")
    assert finding.text.startswith(f"lot {canonical_id(silo)} had 6 000 000 g, the count found 20 000 000 g")
    assert found.surplus == 14 * TONNE


def test_findings_stand_with_the_stock_and_with_both_ways_of_a_trace(tmp_path):
    with small_mill(tmp_path) as other:
        other.make_coils("A")
        cast = asking(other, lot, canonical_id(piece("SLAB-A", 5))).made_by
        wrong = other.wrong(PLANT, cast)
        (found,) = asking(other, trace_up, coil("A-1")).findings
        assert (found.rule, found.entry) == ("shortage", wrong)
        scrap = mills.lot("MORE", 6)
        other.new(PLANT, (scrap, 10 * TONNE))
        other.send(PLANT, ROLLING, (scrap, 10 * TONNE), paper="D-7")
        taken = other.take(ROLLING, PLANT, (scrap, 11 * TONNE), paper="D-7")
        (found,) = asking(other, trace_down, canonical_id(scrap)).findings
        assert (found.rule, found.entry) == ("delivery_difference", taken)
        ends = asking(other, trace_up, canonical_id(scrap)).ends  # one on a delivery: only of what came late, a sender
        assert [(one.reason, one.party) for one in ends] == [("outside", ""), ("delivery difference", "")]
        assert found in asking(other, stock, site(3)).findings


def test_what_is_found_on_one_lot_stands_with_no_other_and_what_is_found_on_their_event_with_all(tmp_path):
    with small_mill(tmp_path) as other:
        other.make_coils("A")
        halves = [piece("A-3"), piece("A-4")]
        wrong = {"form": "coil", "alloy": "EN-AW-5754", "thickness": 1500, "cn": "76011010"}
        cut = other.make(
            ROLLING, "cutting", [(piece("A-1"), 7_500_000)], [(halves[0], 3_000_000), (halves[1], 4_000_000)],
            attributes=[(halves[1], wrong)],
        )  # fmt: skip
        rules = {"A-3": {"unaccounted_loss"}, "A-4": {"unaccounted_loss", "customs_code"}}
        went = asking(other, trace_down, coil("A-1"))
        assert {one.rule for one in went.findings if one.entry == cut} == {"unaccounted_loss", "customs_code"}
        other.send(ROLLING, CUSTOMER, *((one, None) for one in halves), paper="C")
        for name, broken in rules.items():
            assert {one.rule for one in asking(other, lot, coil(name)).findings} == broken
            assert {one.rule for one in asking(other, trace_up, coil(name)).findings if one.entry == cut} == broken
            assert {one["rule"] for one in passport_of(other, name)["findings"] if one["entry"] == cut} == broken


def test_a_trace_tells_nothing_that_was_found_of_an_event_that_does_not_stand(tmp_path):
    with small_mill(tmp_path) as other:
        other.make_coils("A")
        half, wrong = piece("A-3"), {"form": "coil", "alloy": "EN-AW-5754", "thickness": 1500, "cn": "76011010"}
        parts = (ROLLING, "cutting", [(piece("A-1"), 7_500_000)], [(half, 7_500_000)])
        cut = other.make(*parts, attributes=[(half, wrong)])
        other.send(ROLLING, CUSTOMER, (half, None), paper="C")

        def told():
            answers = asking(other, trace_up, coil("A-3")), asking(other, trace_down, coil("A-1"))
            corrections = [[(o.wrong, o.declared_by, o.replaced_by) for o in one.corrections] for one in answers]
            return corrections, [{o.rule for o in one.findings if o.entry == cut} for one in answers]

        assert told() == ([[], []], [{"customs_code"}, {"customs_code"}])
        declared = other.wrong(ROLLING, cut, "urn:example:right")
        assert told() == ([[(cut, declared, None)]] * 2, [set(), set()])
        right = other.make(*parts, eventID="urn:example:right")
        assert told() == ([[(cut, declared, right)]] * 2, [set(), set()])


def test_an_open_run_that_gave_more_than_it_took_is_found_at_its_site(tmp_path):
    run = {"transformationID": "urn:example:run:1", "al_run": "open"}
    with small_mill(tmp_path) as other:
        other.new(PLANT, (mills.lot("MET", 4), TONNE))
        other.make(PLANT, "casting", [(mills.lot("MET", 4), 1_000)], [], **run)
        last = other.make(PLANT, "casting", [], [(piece("C-1"), 5_000)], **run)

        def found():
            return [one for one in asking(other, stock, site(2)).findings if one.rule == "output_above_input"]

        (one,) = found()
        says = "urn:example:run:1: 5 000 g come out of 1 000 g, the most is 1 005 g, so far"
        assert (one.entry, one.text, one.facts) == (last, says, {"total_in": 1_000, "total_out": 5_000})
        other.make(PLANT, "casting", [(mills.lot("MET", 4), 4_000)], [], **run)
        assert found() == []


def passport_of(other, name):
    return standing(other.world.log, coil(name)).statement.body


def test_what_arrived_short_is_found_when_the_lot_or_its_site_is_asked_about(tmp_path):
    with small_mill(tmp_path) as other:
        scrap = mills.lot("SCRAP", 6)
        other.new(PLANT, (scrap, 10 * TONNE))
        sent = other.send(PLANT, ROLLING, (scrap, 10 * TONNE), paper="D-7")
        assert asking(other, stock, site(2)).findings == []
        other.take(ROLLING, PLANT, (scrap, 9 * TONNE), paper="D-7")
        found = asking(other, stock, site(2)).findings
        assert [(one.rule, one.entry) for one in found] == [("delivery_difference", sent)]
        assert found == asking(other, lot, canonical_id(scrap)).findings
        assert "10 000 000 g of lot" in found[0].text


def test_of_one_paper_each_lot_has_what_is_found_on_it(tmp_path):
    with small_mill(tmp_path) as other:
        sent = [(mills.lot(name, 6), 10 * TONNE) for name in ("SCRAP", "OTHER")]
        other.new(PLANT, *sent)
        index = other.send(PLANT, ROLLING, *sent, paper="D-7")
        other.take(ROLLING, PLANT, *((name, 9 * TONNE) for name, _ in sent), paper="D-7")
        for name, _ in sent:
            (found,) = asking(other, lot, canonical_id(name)).findings
            assert (found.rule, found.entry, found.facts) == (
                "delivery_difference", index, {"delivery": f"{PLANT.id} urn:example:D-7"},
            )  # fmt: skip
            assert f"of lot {canonical_id(name)} left" in found.text


def test_what_a_wrong_event_broke_stands_with_no_trace_of_what_was_corrected(tmp_path):
    def lost(other):
        found = asking(other, trace_up, coil("A-3"))
        return [one.entry for one in found.findings if one.rule == "unaccounted_loss"], found.corrections

    with small_mill(tmp_path) as other:
        coils, cut = other.make_coils("A"), [(piece("A-3"), 3_000_000)]
        wrong = other.make(ROLLING, "cutting", [(coils[0], 7_500_000)], cut)
        assert lost(other) == ([wrong], [])
        other.wrong(ROLLING, wrong, "urn:example:right")
        again = other.make(ROLLING, "cutting", [(coils[0], 7_500_000)], cut, eventID="urn:example:right")
        found, corrections = lost(other)
        assert (found, [one.wrong for one in corrections]) == ([again], [wrong])


def test_up_to_the_bauxite_and_the_scrap_with_every_microgram(mill):
    came = asking(mill, trace_up, coil("A-1"))
    assert int(came.ug) == 7_500_000 * 1_000_000
    assert sum(int(one.ug) for one in came.ends) + int(came.folded.ug) == int(came.ug)
    reasons = {one.reason: int(one.ug) for one in came.ends}
    assert reasons["scrap"] * 5 == int(came.ug)  # 3 t of 15 t
    assert came.shares.recycled == came.shares.post_consumer == str(reasons["scrap"])
    assert {"refining", "electrolysis", "casting", "hot-rolling", "slitting"} <= {node.what for node in came.nodes}


def test_a_trace_as_of_an_earlier_size_knows_no_later_event(mill):
    size = mill.shipped
    came = asking(mill, trace_up, coil("A-2"), size=size)
    assert came.as_of == size
    assert all(node.entry < size for node in came.nodes)


def test_down_from_the_bauxite_to_the_customer(mill):
    went = asking(mill, trace_down, canonical_id(mills.lot("BX-A")))
    assert mill.shipped in [node.entry for node in went.nodes]
    assert coil("A-1") in [place.lot for place in went.places if place.holder == CUSTOMER.id]
    rows = asking(mill, recall_list, canonical_id(mills.lot("BX-A"))).rows
    assert (coil("A-1"), CUSTOMER.id, 7_500_000) in [(row.lot, row.customer, row.g) for row in rows]


def test_a_recall_list_is_a_table_and_no_formula(mill):
    found = asking(mill, recall_list, canonical_id(mills.lot("BX-A")))
    head, *rows = list(csv.reader(io.StringIO(as_csv(found))))
    assert head == ["lot", "delivery", "customer", "g", "traced_ug"]
    assert len(rows) == len(found.rows) > 0
    formulas, words = ("=1+1", "@x", "-2", "+3", "\t=4", "\r=5"), ("(01)1=(10)2", "a-b", "")
    for cells in (formulas[:3], formulas[3:], words):
        row = found.rows[0].__class__(*cells, g=1, ug="1", more=False)
        listed = as_csv(found.__class__(lot="", as_of=1, rows=[row]))
        *_, read = csv.reader(io.StringIO(listed, newline=""))
        assert read == [*(one if cells == words else f"'{one}" for one in cells), "1", "1"]


def test_a_piece_that_nobody_weighed_is_called_back_and_its_mass_is_said_to_be_unknown(tmp_path):
    """Also what was made of it, and a piece that was weighed when it had left: what of that is traced is not known."""
    with small_mill(tmp_path) as other:
        first, _ = other.make_coils("A")
        names = [piece(name) for name in ("A-3", "A-4", "A-5", "A-6")]
        other.make(ROLLING, "cutting", [(first, None)], [(names[0], None), (names[1], None), (names[2], 3 * TONNE)])
        other.make(ROLLING, "annealing", [(names[1], None)], [(names[3], 4 * TONNE)])
        for name in (names[0], *names[2:]):
            other.send(ROLLING, CUSTOMER, (name, None), paper=name)
        (ore,) = [canonical_id(mills.lot("BX-A"))]
        found = asking(other, recall_list, ore)
        rows = {row.lot: (row.g, row.ug, row.more) for row in found.rows if row.customer == CUSTOMER.id}
        known = rows.pop(coil("A-5"))
        assert rows == {coil("A-3"): (None, "0", True), coil("A-6"): (4 * TONNE, "0", True)}
        assert (known[0], int(known[1]) > 0, known[2]) == (3 * TONNE, True, False)
        cells = {row[0]: row[3:] for row in csv.reader(io.StringIO(as_csv(found)))}
        assert (cells[coil("A-3")], cells[coil("A-6")]) == (["unknown"] * 2, [str(4 * TONNE), "unknown"])
        went = asking(other, trace_down, ore)
        under_way = [(one.lot, one.ug, one.more) for one in went.places if one.delivery.endswith("A-3")]
        assert under_way == [(coil("A-3"), "0", True)]
        assert any(one.more and coil("A-4") in one.lots for one in went.nodes)
        other.take(CUSTOMER, ROLLING, (names[0], 1_000), paper=names[0])
        weighed = {row.lot: (row.g, row.more) for row in asking(other, recall_list, ore).rows}
        assert weighed[coil("A-3")] == (1_000, True)


def test_of_what_is_known_and_what_is_not_a_table_says_the_least_that_there_is():
    row = RecallRow(lot="L", delivery="D", customer="C", g=9, ug="7", more=True)
    assert as_csv(RecallList(lot="X", as_of=1, rows=[row])).splitlines()[1] == "L,D,C,9,at least 7"


def test_stock_is_on_hand_in_transit_in_open_runs_and_unresolved(mill):
    found = asking(mill, stock, site(2))
    assert found.party == PLANT.id
    assert {canonical_id(mills.lot("LATE", 8)), canonical_id(mills.lot("SILO", 3))} <= {o.lot for o in found.on_hand}
    assert [one.run for one in found.runs] == ["urn:r:9"]
    late = canonical_id(mills.lot("LATE", 8))
    assert [(one.lot, one.g, one.party) for one in found.unresolved] == [(late, 5 * TONNE, ROLLING.id)]
    assert [(one.reason, one.party) for one in asking(mill, trace_up, late).ends] == [("late", ROLLING.id)]
    before = asking(mill, stock, site(3), size=mill.taken)
    assert [(one.lot, one.g) for one in before.in_transit] == [(coil("A-1"), 7_500_000)]


def test_what_is_under_way_or_has_left_is_not_on_hand(mill):
    before, now = (asking(mill, stock, site(3), size=size) for size in (mill.taken, None))
    for found in (before, now):
        assert coil("A-2") in {one.lot for one in found.on_hand}
        assert {one.delivery for one in found.on_hand} == {""}
        assert coil("A-1") not in {one.lot for one in found.on_hand}
    assert now.in_transit == []


def test_of_a_lot_at_two_sites_each_has_its_part(tmp_path):
    with small_mill(tmp_path) as other:
        other.make_coils("A")
        scrap = mills.lot("MORE", 6)
        other.new(PLANT, (scrap, 10 * TONNE))
        other.send(PLANT, ROLLING, (scrap, 9 * TONNE), paper="D-7")
        other.take(ROLLING, PLANT, (scrap, 4 * TONNE), paper="D-7")
        name, parts = canonical_id(scrap), []
        for found in (asking(other, stock, site(number)) for number in (2, 3)):
            parts += [[one.g for one in rows if one.lot == name] for rows in (found.on_hand, found.in_transit)]
    assert parts == [[TONNE], [5 * TONNE], [4 * TONNE], []]


@pytest.mark.parametrize("reader", [EVERYTHING, Reader("party", PLANT.id)])
def test_a_site_that_nobody_registered_has_no_stock(mill, reader):
    with pytest.raises(Missing, match=r"no site .* whose stock you may see") as refusal:
        asking(mill, stock, "(414)9521219999998", reader=reader)
    assert (refusal.value.code, refusal.value.facts) == ("no_site", {"id": "(414)9521219999998"})


def test_lots_are_found_by_what_plants_and_customers_call_them(mill):
    assert [one.id for one in asking(mill, lots_by, "heat", "H-A").lots] == [canonical_id(piece("SLAB-A", 5))]
    assert [one.id for one in asking(mill, lots_by, "order", "PO-A").lots] == [coil("A-1"), coil("A-2")]
    assert asking(mill, lots_by, "order", "PO-B").lots == []
    with pytest.raises(Malformed, match="looked up by heat, cast, localId, order, customerPart, not by 'colour'"):
        asking(mill, lots_by, "colour", "red")


def test_a_party_sees_its_own_lots_and_no_others(mill):
    plant = Reader("party", PLANT.id)
    assert asking(mill, lot, canonical_id(mills.lot("BX-A")), reader=plant).id == canonical_id(mills.lot("BX-A"))
    with pytest.raises(Missing, match=r"no lot .* that you may see"):
        asking(mill, lot, coil("A-2"), reader=plant)
    with pytest.raises(Missing, match=r"no lot .* that you may see"):
        asking(mill, trace_up, coil("A-2"), reader=ANYONE)
    for question in (trace_down, recall_list):
        with pytest.raises(Missing, match=r"no lot .* that you may see"):
            asking(mill, question, coil("A-2"), reader=plant)
    with pytest.raises(Missing, match=r"no site .* whose stock you may see"):
        asking(mill, stock, site(3), reader=plant)
    assert asking(mill, lots_by, "order", "PO-A", reader=plant).lots == []


def test_a_lot_that_nobody_introduced_and_a_size_that_was_not_reached(mill):
    with pytest.raises(Missing, match=r"there is no lot \(01\)"):
        asking(mill, lot, coil("NONE"))
    with pytest.raises(Malformed, match="as_of is from 1 to that, not 100000"):
        asking(mill, lot, coil("A-1"), size=100_000)
