"""`coilmark lot`: the questions as a person at the ledger asks them, and what is said where there is no answer."""

import csv
import io
import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_ledger import PLANT, ROLLING

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import CUSTOMER, TONNE, lot, pallet, piece, site, small_mill

from ledger.bodies import check_body
from ledger.kernel.gs1 import canonical_id
from ledger.lots.event_body import check_lot_event
from tools.main import cli

COIL, ORE, SILO = (canonical_id(one) for one in (piece("A-1"), lot("BX-A"), lot("SILO", 3)))


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Coil A-1 was sent to the customer; the silo was counted, a run is open, something came late."""
    with small_mill(tmp_path_factory.mktemp("mill")) as mill:
        mill.make_coils("A")
        mill.send(ROLLING, CUSTOMER, (piece("A-1"), None), paper="OUT-1")
        mill.new(PLANT, (lot("LATE", 8), 5 * TONNE), origin="late")
        mill.make(PLANT, "electrolysis", [(lot("SILO", 3), TONNE)], [], transformationID="urn:r:9", al_run="open")
        counted = {"quantityList": [{"epcClass": lot("SILO", 3), "quantity": 20 * TONNE, "uom": "GRM"}]}
        mill.say(PLANT, "Object", action="OBSERVE", bizStep="stock_taking", **counted)
        mill.pack(ROLLING, pallet(), piece("A-2"))
        mill.look(ROLLING, "holding", piece("A-2"), al_attributes=[{"id": piece("A-2"), "localId": "L-7"}])
        mill.new(PLANT, (lot("DROSS", 7), TONNE))
        mill.make(PLANT, "remelting", [(lot("DROSS", 7), TONNE)], [(piece("BLOCK", 9), None)])
        mill.send(PLANT, CUSTOMER, (piece("BLOCK", 9), None), paper="OUT-2")
        mill.new(PLANT, (piece("BAD", 5), TONNE))
        mill.wrong(PLANT, mill.world.size - 1)

    def run(question, *words):
        return CliRunner().invoke(cli, ["lot", question, str(mill.world.places.folder), *words])

    return run


def test_state_history_and_findings(ask):
    run = ask("show", piece("A-1"))
    assert not re.search(r"[+-]0 g", run.stdout)  # of an event that moved nothing no mass is said
    assert run.exit_code == 0
    assert f"{COIL}, made by {ROLLING.id} in entry" in run.stdout
    assert f"7500000 g with {ROLLING.id} under way, {ROLLING.id} urn:example:OUT-1" in run.stdout
    assert "found in entry" not in run.stdout
    slab = json.loads(ask("show", piece("SLAB-A", 5), "--json").stdout)["consumed_by"]
    assert f"  used up by entry {slab}\n" in ask("show", piece("SLAB-A", 5)).stdout
    kept = ask("show", piece("A-2")).stdout
    assert f"  held by {ROLLING.id}\n" in kept
    assert f"  packed in {canonical_id(pallet())}\n" in kept
    assert f"  has in it {canonical_id(piece('A-2'))}\n" in ask("show", pallet()).stdout
    assert "in doubt: entry" in ask("show", piece("BAD", 5)).stdout
    assert f"count_up: lot {SILO} had 5 000 000 g, the count found 20 000 000 g" in ask("show", SILO).stdout


def test_both_ways_of_a_trace(ask):
    came = ask("trace", COIL).stdout
    assert came.startswith(f"7500000 g of {COIL}, as of ")
    assert "refining  " in came
    assert "ends: scrap  1500000 g" in came
    went = ask("trace", ORE, "--down").stdout
    assert f"with {ROLLING.id} {ROLLING.id} urn:example:OUT-1" in went
    earlier = json.loads(ask("trace", COIL, "--as-of", "24", "--json").stdout)
    assert earlier["as_of"] == 24


def test_what_declares_an_event_wrong_is_the_event_again_with_its_error(ask):
    made = json.loads(ask("show", COIL, "--json").stdout)["made_by"]
    body = json.loads(ask("declare", str(made), "--corrective", "urn:example:right").stdout)
    assert body["errorDeclaration"]["correctiveEventIDs"] == ["urn:example:right"]
    assert (body["errorDeclaration"]["reason"], "al:attributes" in body) == ("incorrect_data", False)
    assert piece("A-1") in body["outputEPCList"]
    check_body("lot-event", body)
    check_lot_event(body)
    for entry in ("0", "99999"):
        run = ask("declare", entry)
        assert run.exit_code != 0
        assert isinstance(run.exception, SystemExit), run.exception


def test_a_recall_list_for_people_and_for_a_spreadsheet(ask):
    said = ask("recall", ORE).stdout
    assert f"{COIL}  {CUSTOMER.id}  {ROLLING.id} urn:example:OUT-1  7500000 g" in said
    head, *rows = csv.reader(io.StringIO(ask("recall", ORE, "--csv").stdout))
    assert head == ["lot", "delivery", "customer", "g", "traced_ug"]
    assert [COIL, f"{ROLLING.id} urn:example:OUT-1", CUSTOMER.id, "7500000"] in [row[:4] for row in rows]


def test_a_recall_list_and_a_trace_say_what_is_not_known(ask):
    """Nobody weighed what was made of the dross."""
    assert (
        f"{canonical_id(piece('BLOCK', 9))}  {CUSTOMER.id}  {PLANT.id} urn:example:OUT-2  unknown mass, unknown mass of"
        in (ask("recall", canonical_id(lot("DROSS", 7))).stdout)
    )
    went = ask("trace", canonical_id(lot("DROSS", 7)), "--down").stdout
    assert f"  now: unknown mass in {canonical_id(piece('BLOCK', 9))} with {PLANT.id}" in went
    assert "shipping  unknown mass  " in went


def test_the_stock_of_a_site(ask):
    said = ask("stock", site(2)).stdout
    assert f"on hand  20000000 g  {SILO}" in said
    assert "open run  urn:r:9  electrolysis" in said
    assert "not yet reported by its sender  5000000 g" in said
    assert "count_up" in said
    sent = ask("stock", site(3)).stdout
    assert f"in transit  7500000 g  {COIL}  on {ROLLING.id} urn:example:OUT-1\n" in sent
    assert f"on hand  7500000 g  {canonical_id(piece('A-2'))}  held\n" in sent


def test_what_plants_and_customers_call_it(ask):
    assert ask("find", "order", "PO-A").stdout.splitlines()[-1] == "2 lots of order PO-A"
    assert ask("find", "localId", "L-7").stdout.splitlines()[-1] == "1 lot of localId L-7"
    assert f"{canonical_id(piece('SLAB-A', 5))}  nothing is left of it\n" in ask("find", "heat", "H-A").stdout
    assert ask("find", "heat", "H-A").stdout.startswith(canonical_id(piece("SLAB-A", 5)))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", piece("NONE")), "there is no lot"),
        (("show", "A-1"), "A-1"),
        (("find", "colour", "red"), "looked up by heat"),
        (("show", piece("A-1"), "--as-of", "100000"), "as_of is from 1 to"),
        (("stock", "(414)9521141000076"), "there is no site"),
    ],
)
def test_a_question_without_an_answer(ask, words, says):
    run = ask(*words)
    assert run.exit_code in {1, 2}
    assert says in run.output
