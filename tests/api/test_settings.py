"""What the server is told from outside."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from api.settings import Settings, from_environ
from ledger.kernel.errors import Malformed

FOLDER = {"COILMARK_FOLDER": "/srv/ledger"}


def test_all_settings():
    said = {
        **FOLDER, "COILMARK_HEAD": "/mnt/head", "COILMARK_OPEN": "1", "COILMARK_CHECKERS": "7", "PATH": "/bin",
        "COILMARK_PROCESS": "2", "COILMARK_ADVERTISE": "http://10.0.0.5:8080/", "COILMARK_READ_ONLY": "true",
        "COILMARK_RESERVE": "100", "COILMARK_BASE": "https://id.example.com/",
        "COILMARK_PROXIES": "10.0.0.0/8 ::1/128",
    }  # fmt: skip
    folder, head, address = Path("/srv/ledger"), Path("/mnt/head"), "http://10.0.0.5:8080"
    assert from_environ(said) == Settings(
        folder, head, open=True, checkers=7, read_only=True, address=address, process=2, reserve=100 << 20,
        base="https://id.example.com", proxies=(ip_network("10.0.0.0/8"), ip_network("::1/128")),
    )  # fmt: skip


def test_only_the_folder_is_needed():
    checkers = min(os.cpu_count() or 1, 64)
    assert from_environ(FOLDER) == Settings(Path("/srv/ledger"), None, open=False, checkers=checkers)


@pytest.mark.parametrize("value", ["0", "false", "False", ""])
def test_closed_is_said_in_words_too(value):
    assert from_environ({**FOLDER, "COILMARK_OPEN": value}).open is False


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            {"COILMARK_FODLER": "x"},
            "COILMARK_FODLER means nothing here; known are COILMARK_ADVERTISE, COILMARK_BASE, COILMARK_CHECKERS",
        ),
        ({}, "COILMARK_FOLDER is not set"),
        ({"COILMARK_FOLDER": ""}, "COILMARK_FOLDER is not set"),
        ({**FOLDER, "COILMARK_OPEN": "yes"}, "COILMARK_OPEN is 1 or 0, not 'yes'"),
        ({**FOLDER, "COILMARK_READ_ONLY": "no"}, "COILMARK_READ_ONLY is 1 or 0, not 'no'"),
        ({**FOLDER, "COILMARK_PROCESS": "x"}, "COILMARK_PROCESS is a number from 0 to 64, not 'x'"),
        ({**FOLDER, "COILMARK_ADVERTISE": "10.0.0.5"}, "http://HOST:PORT, not '10.0.0.5'"),
        ({**FOLDER, "COILMARK_CHECKERS": "-1"}, "a number from 0 to 64, not '-1'"),
        ({**FOLDER, "COILMARK_CHECKERS": "65"}, "not '65'"),
        ({**FOLDER, "COILMARK_CHECKERS": "²"}, "not '²'"),
        ({**FOLDER, "COILMARK_BASE": "id.example.com"}, "an address like https://id.example.com, not 'id.example.com'"),
        ({**FOLDER, "COILMARK_PROXIES": "10.0.0.1/8"}, "COILMARK_PROXIES has networks like 10.0.0.0/8"),
        ({**FOLDER, "COILMARK_RESERVE": "1.5"}, "COILMARK_RESERVE is a number of MiB, not '1.5'"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(said, sentence):
    with pytest.raises(Malformed, match="^" + ".*" + sentence.replace("(", r"\(")):
        from_environ(said)


def test_what_the_tests_are_told_does_not_stop_a_server():
    assert from_environ({**FOLDER, "COILMARK_VECTORS": "../vectors"}).folder == Path("/srv/ledger")
