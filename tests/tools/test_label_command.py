"""`coilmark label`: a link that opens, a symbol that is read back, and what it says where it cannot."""

import csv
import json
import sys
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner
from small_ledger import OPERATOR, PLANT, coil, piece, signer, small_ledger

sys.path.append(str(Path(__file__).parents[1] / "labels"))
from printed import of_pdf, of_png, of_svg, of_zpl, read

from ledger.kernel.keys import generate
from ledger.kernel.note import fingerprint, parse_vkey
from ledger.labels.coils_file import COLUMNS
from ledger.passport.codes import Codes
from ledger.questions.asking import of_store
from ledger.recording.opening import layout, load_codes
from tests.tiers import first
from tools.init import Founding, found_ledger
from tools.main import cli


@pytest.fixture
def folder(tmp_path):
    places = layout(tmp_path / "ledger")
    uri = "https://ledger.example/label"
    origin, operator = "ledger.example/label", OPERATOR.profile()
    founding = Founding(uri, origin, operator, signer("operator"), "urn:example:0", 1_767_585_600)
    found_ledger(places, founding, generate())
    return places.folder


def log_key(folder):
    with of_store(layout(folder).location, None) as asked:
        return asked.registry.log_keys[0]


def label(folder, *args):
    return CliRunner().invoke(cli, ["label", str(folder), *args])


def test_the_link_has_the_code_of_this_ledger_and_both_pictures_hold_it(folder, tmp_path):
    svg, png = tmp_path / "c.svg", tmp_path / "c.png"
    args = (piece("C-1"), "--base", "https://id.example.com/", "--svg", str(svg), "--png", str(png))
    run = label(folder, *args, "--json")
    said = json.loads(run.stdout)
    code = load_codes(layout(folder)).code(piece("C-1"))
    assert said == {
        "piece": piece("C-1"), "code": code, "link": f"https://id.example.com/01/09521141000014/21/C-1?c={code}"
    }  # fmt: skip
    assert read(of_png(png.read_bytes())) == read(of_svg(svg.read_text())) == {"QRCode": said["link"]}
    assert "(21) C-1" in svg.read_text()
    assert f"Log key {fingerprint(parse_vkey(log_key(folder)))}" in svg.read_text()
    shown = label(folder, *args).stdout
    assert shown.splitlines()[-1] == said["link"]


def test_the_key_is_the_owner_s_alone_and_never_the_same(folder):
    key = layout(folder).label_key
    assert key.stat().st_mode & 0o777 == 0o600
    assert load_codes(layout(folder)) != Codes(bytes(32))


def test_a_ledger_without_the_key_has_no_codes(folder):
    layout(folder).label_key.unlink()
    run = label(folder, piece("C-1"), "--base", "https://id.example.com")
    assert (run.exit_code != 0, "without it labels have no codes" in run.output) == (True, True)


def test_a_key_that_is_none_is_damage(folder):
    layout(folder).label_key.write_text("not hex")
    run = label(folder, piece("C-1"), "--base", "https://id.example.com")
    assert (run.exit_code, "does not hold a secret in hex" in run.output) == (1, True)


@pytest.mark.parametrize("name", ["C-1", "(01)09521141000015(21)C-1", "(01)09521141000014(10)L-1"])
def test_what_is_no_piece_has_no_label(folder, name):
    assert label(folder, name, "--base", "https://id.example.com").exit_code in {1, 2}


BASE = ("--base", "https://id.example.com")
ROWS = [
    {"piece": piece("C-1"), "alloy": "EN AW-5754", "heat": "H-1", "mass_kg": "20125.5", "thickness_mm": "1.5"},
    {"piece": "https://anywhere.example/01/09521141000014/21/C-2", "customer_part": "KX-9"},
    {"piece": piece("C-3"), "maker": "Mill"},
]


def a_file(tmp_path, rows, kind="csv", delimiter=","):
    file = tmp_path / f"coils.{kind}"
    if kind == "json":
        file.write_text(json.dumps(rows))
        return str(file)
    with file.open("w", encoding="utf-8-sig") as out:
        writer = csv.DictWriter(out, COLUMNS, delimiter=delimiter, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return str(file)


@pytest.mark.parametrize(("kind", "delimiter"), first([("csv", ","), ("csv", ";"), ("json", "")]))
def test_a_file_of_coils_makes_a_sheet_and_a_printer_s_job(folder, tmp_path, kind, delimiter):
    pdf, zpl = tmp_path / "c.pdf", tmp_path / "c.zpl"
    args = ("--from", a_file(tmp_path, ROWS, kind, delimiter), *BASE, "--pdf", str(pdf), "--sheet", "a4", "--json")
    run = label(folder, *args, "--zpl", str(zpl), "--second", "datamatrix")
    links = [one["link"] for one in json.loads(run.stdout)]
    assert [link.partition("?")[0][-3:] for link in links] == ["C-1", "C-2", "C-3"]
    seen = zxingcpp.read_barcodes(of_pdf(pdf.read_bytes()))
    assert {one.text for one in seen if one.format.name == "QRCode"} == set(links)
    jobs = [f"{one}^XZ" for one in zpl.read_text().split("^XZ\n") if one]
    assert [read(of_zpl(job))["QRCode"] for job in jobs] == links
    assert "20125.5 kg" in jobs[0]
    assert read(of_zpl(jobs[1]))["DataMatrix"] == "[)>\u241e06\u241dPKX-9\u241dSC-2\u241e\u2404"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"piece": "(01)09521141000015(21)C-1"}, "it must be 4"),
        ({"piece": "(01)09521141000014(10)L"}, "is no piece"),
        ({"piece": ""}, "is no GS1"),
        ({"piece": piece("C-1"), "mass_kg": "heavy"}, "mass_kg is 'heavy', a number is wanted"),
        ({"piece": piece("C-1"), "mass_kg": "-1"}, "more than 0"),
        ({"piece": piece("C-1"), "thickness_mm": "1.2345"}, "exact to 3 places"),
        ({"piece": piece("C-1"), "mass_kg": "1e999999999"}, "wanted"),
        ({"piece": piece("C-1"), "maker": "x" * 41}, "more than 40 characters"),
        ({"piece": piece("C-1"), "colour": "red"}, "'colour' is no column"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_nothing_is_written(folder, tmp_path, row, says):
    pdf = tmp_path / "c.pdf"
    run = label(folder, "--from", a_file(tmp_path, [ROWS[0], row], "json"), *BASE, "--pdf", str(pdf))
    assert (run.exit_code, pdf.exists()) == (1, False)
    assert "row 2: " in run.output
    assert says in run.output


@pytest.mark.parametrize("text", ["", "[", "[1]", "piece\n"])
def test_a_file_that_names_no_coils_is_refused(folder, tmp_path, text):
    file = tmp_path / "c.csv"
    file.write_text(text)
    assert label(folder, "--from", str(file), *BASE).exit_code == 1


def test_a_call_is_of_one_piece_or_of_a_file(folder, tmp_path):
    file = a_file(tmp_path, ROWS)
    assert label(folder, *BASE).exit_code == 2
    assert label(folder, piece("C-1"), "--from", file, *BASE).exit_code == 2
    assert label(folder, "--from", file, "--svg", str(tmp_path / "c.svg"), *BASE).exit_code == 2


def test_what_the_ledger_recorded_stands_on_the_label_and_a_file_goes_before_it(tmp_path):
    with small_ledger(tmp_path) as world:
        world.places.label_key.write_text(bytes(range(32)).hex())
        event = coil("C-1")
        event["@context"].append({"al": "https://coilmark.org/ns/al/1/"})
        known = {"alloy": "EN-AW-6016", "temper": "T4", "heat": "F-7", "thickness": 1200}
        event["al:attributes"] = [{"id": event["epcList"][0], **known}]
        world.post(PLANT, "lot-event", event)
    svg = tmp_path / "c.svg"
    assert label(world.places.folder, piece("C-1"), *BASE, "--svg", str(svg)).exit_code == 0
    for said in ("EN-AW-6016", "T4", "F-7", "1.2 mm", "plant"):
        assert f">{said}<" in svg.read_text(), said
    zpl = tmp_path / "c.zpl"
    file = a_file(tmp_path, [{"piece": piece("C-1"), "temper": "T6"}])
    assert label(world.places.folder, "--from", file, *BASE, "--zpl", str(zpl)).exit_code == 0
    assert "^FDT6^FS" in zpl.read_text()
    assert "^FDF-7^FS" in zpl.read_text()
