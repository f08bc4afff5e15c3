"""`coilmark verify` of a passport asks which piece the reader holds, where somebody is there to answer."""

import pytest
from small_ledger import link, piece

from tools import verify

BUNDLE = b'{"type":"coilmark.bundle/v1","kind":"%s","about":6}'


@pytest.fixture
def somebody(monkeypatch):
    """A terminal, and what is typed there; the questions that were asked."""
    asked = []

    def sits(answer):
        for name in ("stdin", "stdout"):
            monkeypatch.setattr(f"tools.verify.sys.{name}", type("Terminal", (), {"isatty": lambda _self: True})())

        def prompt(question, **_options):
            asked.append(question)
            return answer

        monkeypatch.setattr("tools.verify.click.prompt", prompt)
        return asked

    return sits


@pytest.mark.parametrize("kind", [b"short", b"full", b"delivery"])
def test_of_a_passport_it_asks(somebody, kind):
    asked = somebody(link("C-1"))
    assert verify._asked(None, BUNDLE % kind) == link("C-1")
    assert asked == ["Which piece do you hold? The link on its label, or nothing"]


def test_nothing_is_an_answer(somebody):
    somebody("")
    assert verify._asked(None, BUNDLE % b"short") is None


def test_who_said_it_is_not_asked(somebody):
    asked = somebody("x")
    assert verify._asked(piece("C-1"), BUNDLE % b"short") == piece("C-1")
    assert verify._asked(None, BUNDLE % b"entry") is None
    assert verify._asked(None, b'{"type":"coilmark.receipt/v1"') is None
    assert asked == []


def test_a_machine_is_not_asked():
    assert verify._asked(None, BUNDLE % b"short") is None
