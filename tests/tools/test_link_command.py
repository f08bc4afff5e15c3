"""`coilmark link` reads a link for people and machines."""

import json

from click.testing import CliRunner

from tools.main import cli

LINK = "https://id.example.org/01/09521141000014/10/L-1/21/C-1?11=261126&c=X"


def said(*arguments):
    run = CliRunner().invoke(cli, ["link", *arguments])
    return run.exit_code, run.stdout, run.stderr


def test_a_link_is_told_element_by_element():
    code, out, _ = said(LINK)
    assert code == 0
    assert out.splitlines()[:4] == ["(01) 09521141000014", "(10) L-1", "(21) C-1", "(11) 261126"]
    assert "^010952114100001410L-1^21C-1^11261126 " in out


def test_a_compressed_one_is_told_uncompressed_and_as_json():
    code, out, _ = said("https://id.example.org/DBFRoHROnMYX2o", "--json")
    assert (code, json.loads(out)["uri"]) == (0, "https://id.example.org/01/09521141000014/21/C-1")


def test_what_is_wrong_exits_1_with_the_reason():
    code, _, err = said("https://id.example.org/01/09521141000015")
    assert (code, "its check digit is 5, it must be 4" in err) == (1, True)


def test_what_is_beyond_the_standard_takes_permission():
    spelt = "https://id.example.org/gtin/9521141000014/lot/L-1?89=1"
    assert said(spelt)[0] == 1
    assert "/01/09521141000014/10/L-1?89=1" in said(spelt, "--permissive")[1]
