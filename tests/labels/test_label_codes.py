"""Codes open their own piece and no other; a wrong, a blocked and an unknown one answer alike."""

import re

import pytest
from small_ledger import link, piece

from ledger.kernel.errors import Damaged, Malformed
from ledger.passport.codes import Codes, blocked_pieces, link_of, path_of, piece_of

CODES = Codes(bytes(range(32)))


def test_a_code_has_80_bits_and_is_the_same_every_time():
    assert re.fullmatch("[A-Z2-7]{16}", CODES.code(piece("C-1")))
    assert CODES.code(piece("C-1")) == Codes(bytes(range(32))).code(piece("C-1"))


def test_a_code_opens_its_own_piece_in_either_case():
    code = CODES.code(piece("C-1"))
    assert CODES.opens(piece("C-1"), code)
    assert CODES.opens(piece("C-1"), code.lower())


@pytest.mark.parametrize("said", ["", "A", "A" * 16, "é", "\x00" * 16, "A" * 10_000])
def test_what_is_no_code_opens_nothing(said):
    assert not CODES.opens(piece("C-1"), said)


def test_a_code_is_of_one_piece_and_one_ledger():
    codes = {CODES.code(piece("C-1")), CODES.code(piece("C-2")), CODES.code(piece("C-1", 2))}
    codes.add(Codes(bytes(32)).code(piece("C-1")))
    assert len(codes) == 4
    assert not CODES.opens(piece("C-2"), CODES.code(piece("C-1")))


def test_a_blocked_code_opens_nothing_and_the_others_still_do():
    blocked = Codes(CODES.secret, blocked_pieces(["# leaked", "", f" {link('C-1')} "]))
    assert not blocked.opens(piece("C-1"), CODES.code(piece("C-1")))
    assert blocked.opens(piece("C-2"), CODES.code(piece("C-2")))


def test_the_secret_has_its_length_and_is_not_shown():
    with pytest.raises(Damaged, match="has 16 bytes, not 32"):
        Codes(bytes(16))
    assert "secret" not in repr(CODES)


def test_the_link_is_a_digital_link_below_the_base():
    assert link_of("https://id.example.com/", piece("C-1"), None) == f"https://id.example.com{path_of(piece('C-1'))}"
    assert link_of("https://id.example.com", piece("C-1"), CODES).endswith(f"/21/C-1?c={CODES.code(piece('C-1'))}")


def test_a_serial_is_escaped_in_the_path_and_read_back():
    odd = piece_of("09521141000014", 'C/1?"&%')
    assert path_of(odd) == "/01/09521141000014/21/C%2F1%3F%22%26%25"


@pytest.mark.parametrize("name", ["(00)095211410000000016", "(01)09521141000014(10)L", "(01)09521141000014", "x"])
def test_what_is_no_piece_has_no_link(name):
    with pytest.raises(Malformed, match="is no piece"):
        path_of(name)
