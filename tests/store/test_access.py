"""Bearer tokens: shown once, stored hashed, revoked at once."""

from hashlib import sha256

import pytest

from ledger.kernel.errors import Busy, Conflict, Damaged, Missing, RuleBroken, Unauthorised
from ledger.store.access import ANYONE, EVERYTHING, Reader, access_file
from ledger.store.sqlite.access import SqliteTokens
from ledger.store.sqlite.driver import sqlite3

NOW = 1_767_585_600_000_000
PLANT = Reader("party", "(417)9521141000020")
AUDITOR = Reader("auditor")


@pytest.fixture
def path(tmp_path):
    return access_file(tmp_path)


@pytest.fixture
def access(path):
    opened = SqliteTokens(path)
    yield opened
    opened.close()


def test_a_token_opens_what_it_was_made_for(access):
    _, plant = access.issue(PLANT, "MES", now=NOW)
    _, auditor = access.issue(AUDITOR, "Ms Weber", now=NOW)
    assert access.reader(plant) == PLANT
    assert access.reader(auditor) == AUDITOR
    assert plant != auditor


def test_what_each_reader_sees():
    assert PLANT.may_see(PLANT.party)
    assert not PLANT.may_see("(417)9521141000037")
    assert AUDITOR.may_see(PLANT.party)
    assert EVERYTHING.may_see(PLANT.party)
    assert not ANYONE.may_see(PLANT.party)
    assert not ANYONE.may_see("")


def test_the_token_itself_is_stored_nowhere(access, path):
    _, secret = access.issue(PLANT, "MES", now=NOW, randomness=lambda size: bytes(range(size)))
    assert secret == "coilmark_" + bytes(range(32)).hex()
    access.close()
    stored = path.read_bytes()
    assert secret.encode() not in stored
    assert secret.removeprefix("coilmark_").encode() not in stored
    assert bytes(range(32)) not in stored
    assert sha256(secret.encode()).digest() in stored


def test_only_the_owner_may_read_the_file(access, path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert access.tokens() == []


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "coilmark_",
        "coilmark_" + "0" * 64,
        "coilmark_" + "0" * 63 + "é",
        "coilmark_" + "0" * 64 + "\n",
        "x" * 10_000,
    ],
)
def test_a_token_never_issued_opens_nothing(access, secret):
    with pytest.raises(Unauthorised, match="was never issued by this ledger") as caught:
        access.reader(secret)
    assert caught.value.code == "token"


def test_revoking_holds_at_once_for_a_server_that_has_the_file_open(access, path):
    token, secret = access.issue(PLANT, "MES", now=NOW)
    command = SqliteTokens(path)  # `coilmark token revoke`, in another process
    command.revoke(token.id, now=NOW + 1)
    command.close()
    with pytest.raises(Unauthorised, match="was revoked") as caught:
        access.reader(secret)
    assert caught.value.code == "token_revoked"


def test_a_token_issued_by_the_command_works_in_the_running_server(access, path):
    command = SqliteTokens(path)
    _, secret = command.issue(PLANT, "MES", now=NOW)
    command.close()
    assert access.reader(secret) == PLANT


def test_the_list_shows_all_but_the_token(access):
    first, _ = access.issue(PLANT, "MES", now=NOW)
    second, secret = access.issue(AUDITOR, "Ms Weber", now=NOW + 1)
    access.revoke(first.id, now=NOW + 2)
    access.revoke(first.id, now=NOW + 3)  # again: it stays as it was
    listed = access.tokens()
    assert [(token.id, token.reader, token.label) for token in listed] == [
        (first.id, PLANT, "MES"),
        (second.id, AUDITOR, "Ms Weber"),
    ]
    assert [token.revoked_at for token in listed] == [NOW + 2, None]
    assert secret not in str(listed)
    assert sha256(secret.encode()).hexdigest() not in str(listed)


def test_revoking_an_unknown_token_says_so(access):
    with pytest.raises(Missing, match="there is no token abc"):
        access.revoke("abc", now=NOW)


@pytest.mark.parametrize("reader", [Reader(), Reader("party"), Reader("auditor", "x"), Reader("operator", "x")])
def test_a_token_is_for_a_party_or_an_auditor(access, reader):
    with pytest.raises(RuleBroken, match="for one party, or for an auditor"):
        access.issue(reader, "", now=NOW)
    assert access.tokens() == []


def test_the_same_randomness_twice_gives_no_second_token(access):
    access.issue(PLANT, "MES", now=NOW, randomness=bytes)
    with pytest.raises(Conflict, match="exists already"):
        access.issue(AUDITOR, "", now=NOW, randomness=bytes)


def test_a_file_that_is_no_token_database_is_damaged(path):
    path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(Damaged, match=r"access\.sqlite is no token database"):
        SqliteTokens(path)


def test_a_folder_that_is_not_there_is_damaged(tmp_path):
    with pytest.raises(Damaged, match="unable to open"):
        SqliteTokens(access_file(tmp_path / "nowhere"))


def test_a_locked_file_is_busy_and_no_verdict_on_the_token(access, path):
    _, secret = access.issue(PLANT, "MES", now=NOW)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Busy, match="cannot be read just now: database is locked"):
        access.reader(secret)
    other.rollback()
    other.close()
    assert access.reader(secret) == PLANT
