"""`coilmark label`: a link that opens, a symbol that is read back, and what it says where it cannot."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_ledger import OPERATOR, piece, signer

sys.path.append(str(Path(__file__).parents[1] / "labels"))
from test_label_qr import decoded, of_png, of_svg

from ledger.kernel.keys import generate
from ledger.labels.codes import Codes
from ledger.opening import layout, load_codes
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
    assert [text for text, _ in decoded(of_png(png.read_bytes()))] == [said["link"]]
    assert [text for text, _ in decoded(of_svg(svg.read_text()))] == [said["link"]]
    assert "(21) C-1" in svg.read_text()
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
