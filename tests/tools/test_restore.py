"""An older backup is put back: the plain start refuses and shows both heads, a new incarnation says what was lost."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from click.testing import CliRunner
from small_ledger import OPERATOR, coil, pem, small_ledger

from ledger.failpoints import Step
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import parse
from ledger.recording import opening
from ledger.recording.opening import open_log
from tests.api.served import serving_world
from tests.eventually import SOON
from tools.main import cli

BACKUP, END = 6, 11  # entries: in the backup, and when it all was lost
NEW = "ledger.example/park/2"


class PowerLossError(Exception):
    """Stands for whatever ends a process."""


@dataclass(frozen=True)
class Restored:
    """A ledger whose database is older than its second head, and what people hold of the time between."""

    world: object
    folder: object  # of the files that readers and the operator have
    lost: tuple  # wire forms of the statements of entries 6 to 10

    def restore(self, *words):
        return run("restore", self.world.places.folder, *words, *self.database)

    @property
    def database(self):
        return ["--database", self.world.places.url] if self.world.places.url else []

    def begin(self, *words):
        key = self.folder / "operator.pem"
        return self.restore("--new-incarnation", "--key", key, "--origin", NEW, *words)

    def verify(self, file, *words, trust="trust.txt"):
        places = self.world.places.folder
        result = run("verify", self.folder / file, "--trust", places / trust, *words)
        return result.exit_code, result.output.splitlines()[-1]

    @property
    def lives(self):
        return "--incarnation", self.world.places.folder / "incarnation-1.coilmark.json"


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def restored(tmp_path, place):
    return put_back(tmp_path, place)


@pytest.fixture
def on_sqlite(tmp_path):
    return put_back(tmp_path, None)


def put_back(folder, place):
    (folder / "operator.pem").write_bytes(pem("operator"))
    with small_ledger(folder, place=place) as world:
        for number in range(BACKUP - world.size):
            world.post(world.plant, "lot-event", coil(f"kept-{number}"))
        (folder / "kept.json").write_bytes(encode_receipt(world.receipt(BACKUP - 1)))
        world.close()
        shutil.copytree(world.places.folder, folder / "backup")
        shutil.copy(world.places.head, folder / "backup.head")
        dump = place.dump() if place else None
        world.reopen()
        wires = []
        for number in range(END - BACKUP):
            wires.append(world.statement(world.plant, "lot-event", coil(f"lost-{number}")))
            world.submit(wires[-1])
        (folder / "lost.json").write_bytes(encode_receipt(world.receipt(BACKUP)))
        (folder / "lost.coilmark.json").write_bytes(encode_bundle(world.bundle(END - 1)))
        (folder / "last.note").write_text(world.log.state.published.note)
        (folder / "old-trust.txt").write_text(world.trust_text)
        world.close()
        levels = folder / "levels"
        shutil.copytree(world.places.levels, levels)
        shutil.rmtree(world.places.folder)
        shutil.copytree(folder / "backup", world.places.folder)
        if place:
            place.restore(dump)
    return Restored(world, folder, tuple(wires))


def test_the_plain_start_refuses_and_shows_both_heads(on_sqlite):
    command = [sys.executable, "-m", "tools.main", "serve", str(on_sqlite.world.places.folder), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SOON, check=False)
    assert ended.returncode == 1
    note = (on_sqlite.folder / "last.note").read_text()
    kept, _ = open_checkpoint(note, on_sqlite.world.trust.vkeys)
    assert f"the database ends at size {BACKUP} with root " in ended.stderr
    assert f"but size {END} with root {kept.root.hex()} was reached before" in ended.stderr


def test_restore_lists_what_was_lost_and_changes_nothing(restored):
    before = restored.world.places.head.read_bytes()
    result = restored.restore("--json")
    assert result.exit_code == 1
    said = json.loads(result.output)
    assert (said["database"]["size"], said["kept"]["size"]) == (BACKUP, END)
    assert said["lost"] == {"from": BACKUP, "to": END, "count": END - BACKUP, "leaves": []}
    assert restored.world.places.head.read_bytes() == before


def test_level_files_that_were_not_restored_still_name_the_lost_leaves(on_sqlite):
    places = on_sqlite.world.places
    shutil.rmtree(places.levels)
    shutil.copytree(on_sqlite.folder / "levels", places.levels)
    leaves = json.loads(on_sqlite.restore("--json").output)["lost"]["leaves"]
    assert len(leaves) == END - BACKUP
    assert on_sqlite.begin().exit_code == 0


def test_level_files_show_that_the_database_is_of_another_history(on_sqlite):
    places = on_sqlite.world.places
    with small_ledger(on_sqlite.folder / "other") as other:
        other.post(other.plant, "lot-event", coil("another"))
        other.close()
        shutil.copy(other.places.database, places.database)
    shutil.rmtree(places.levels)
    shutil.copytree(on_sqlite.folder / "levels", places.levels)
    result = on_sqlite.restore("--json")
    assert (result.exit_code, json.loads(result.output)["code"]) == (1, "fork_detected")
    assert on_sqlite.begin().exit_code == 1


def test_a_new_incarnation_goes_on_and_says_what_was_lost(restored):
    world = restored.world
    result = restored.begin()
    assert result.exit_code == 0, result.output
    assert "5 entries were acknowledged and are lost: 6 to 10" in result.output
    with open_log(world.places) as log:
        checkpoint = log.state.published.checkpoint
        assert (checkpoint.origin, checkpoint.size) == (NEW, BACKUP + 1)
        with log.store.reading() as transaction:
            body = parse(transaction.entry(BACKUP).wire).body
    assert body["incarnation"] == 1
    assert body["previous"]["checkpoint"] == (restored.folder / "last.note").read_text()
    assert body["previous"]["lost"] == {"from": BACKUP, "to": END, "reason": "restored"}
    audited = run("audit", world.places.folder, *restored.database, "--json", "--jobs", "1")
    report = json.loads(audited.output)
    assert report["findings"] == []
    assert [note["code"] for note in report["notes"]] == ["lost"]
    assert restored.restore().exit_code == 0
    assert restored.begin().exit_code == 2  # nothing was lost since


def test_old_receipts_of_lost_entries_are_lost_and_not_invalid(restored):
    assert restored.begin().exit_code == 0
    lost = (
        f"LOST: entry {BACKUP} was recorded under ledger.example/park and lost in a restore: incarnation 1 of the "
        f"ledger begins at entry {BACKUP}."
    )
    assert restored.verify("lost.json", *restored.lives) == (1, lost)
    status, verdict = restored.verify("lost.coilmark.json", *restored.lives)
    assert (status, verdict.startswith(f"LOST: entry {END - 1} was recorded under")) == (1, True)
    # Who has no bundle of the new incarnation knows only that another key signed.
    status, verdict = restored.verify("lost.json")
    assert (status, "none of the note's 1 signature lines is by a known key" in verdict) == (1, True)
    # An entry that is still there verifies, under the key of its time.
    status, verdict = restored.verify("kept.json", *restored.lives)
    assert (status, verdict.startswith("verified")) == (0, True)


def test_junk_is_not_lost(restored):
    """Only what was recorded can have been lost: a receipt that does not hold stays invalid."""
    assert restored.begin().exit_code == 0
    data = json.loads((restored.folder / "lost.json").read_bytes())
    data["proof"] = data["proof"].replace("index 6", "index 7")
    (restored.folder / "junk.json").write_text(json.dumps(data, separators=(",", ":")))
    status, verdict = restored.verify("junk.json", *restored.lives)
    assert (status, verdict.startswith("NOT VERIFIED: step 3")) == (1, True)


def test_a_bundle_of_the_old_life_is_no_word_on_the_new(restored):
    assert restored.begin().exit_code == 0
    status, _ = restored.verify("lost.json", "--incarnation", restored.folder / "lost.coilmark.json")
    assert status == 1


def test_what_was_lost_is_posted_again(restored):
    world = restored.world
    assert restored.begin().exit_code == 0
    world.origin = NEW
    world.reopen()
    receipts = [world.submit(wire)[0] for wire in restored.lost]
    assert [receipt.entry.index for receipt in receipts] == list(range(BACKUP + 1, END + 1))
    world.close()


def test_the_new_life_is_served(on_sqlite):
    assert on_sqlite.begin().exit_code == 0
    with serving_world(on_sqlite.world, checkers=0, open=True) as served:
        assert served.post(on_sqlite.lost[0]).status == 201
        assert served.ask("GET", "/checkpoint").body.startswith(NEW.encode() + b"\n")
        bundle = served.ask("GET", f"/v1/entries/{BACKUP}/bundle").body
    (on_sqlite.folder / "lives.json").write_bytes(bundle)
    status, verdict = on_sqlite.verify("lost.json", "--incarnation", on_sqlite.folder / "lives.json")
    assert (status, verdict[:5]) == (1, "LOST:")


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.BEGUN])
def test_a_restore_that_is_cut_short_is_taken_up_again(on_sqlite, monkeypatch, step):
    def reached(one):
        if one is step:
            raise PowerLossError(step)

    renew = opening.renew_ledger
    with monkeypatch.context() as broken:
        broken.setattr(opening, "renew_ledger", lambda *given: renew(*given, reached=reached))
        result = on_sqlite.begin()
    assert isinstance(result.exception, PowerLossError)
    again = on_sqlite.begin()
    assert again.exit_code == 0, again.output
    with open_log(on_sqlite.world.places) as log:
        assert log.state.published.checkpoint.size == BACKUP + 1
        assert log.state.registry.incarnation == 1
    assert not (on_sqlite.world.places.folder / "log.key.next").exists()
    assert (on_sqlite.world.places.folder / "log.key.before-1").read_bytes() == pem("log")


def test_another_log_key_without_any_loss(tmp_path):
    """The log key may be in other hands: a new one, and the tree goes on."""
    (tmp_path / "operator.pem").write_bytes(pem("operator"))
    with small_ledger(tmp_path) as world:
        world.close()
    ledger = Restored(world, tmp_path, ())
    assert ledger.restore().exit_code == 0
    assert ledger.begin().exit_code == 2  # nothing was lost
    assert ledger.begin("--reason", "key-compromised").exit_code == 0
    with open_log(world.places) as log, log.store.reading() as transaction:
        assert log.state.published.checkpoint.origin == NEW
        assert parse(transaction.entry(3).wire).body["previous"]["lost"] == {
            "from": 3, "to": 3, "reason": "key-compromised",
        }  # fmt: skip
    report = json.loads(run("audit", world.places.folder, "--json", "--jobs", "1").output)
    assert (report["findings"], report["notes"]) == ([], [])


def test_a_statement_of_another_key_begins_nothing(on_sqlite):
    stranger = on_sqlite.folder / "stranger.pem"
    stranger.write_bytes(pem("stranger"))
    result = on_sqlite.restore("--new-incarnation", "--key", stranger, "--origin", NEW)
    assert result.exit_code == 1
    assert f"is not enrolled for {OPERATOR.id}" in result.output
    assert on_sqlite.begin().exit_code == 0


def test_the_old_origin_is_no_new_one(on_sqlite):
    key = on_sqlite.folder / "operator.pem"
    result = on_sqlite.restore("--new-incarnation", "--key", key, "--origin", "ledger.example/park")
    assert result.exit_code == 2
    assert "a new incarnation has a new name" in result.output


def test_without_the_old_log_key_a_signed_checkpoint_does(on_sqlite):
    (on_sqlite.world.places.folder / "log.key").unlink()
    result = on_sqlite.begin()
    assert result.exit_code == 2
    assert "give a signed --checkpoint" in result.output
    assert on_sqlite.begin("--checkpoint", on_sqlite.folder / "last.note").exit_code == 0


def test_a_newer_checkpoint_than_the_second_head_counts(on_sqlite):
    """The second head went down with the database and was put back with it; somebody holds a later checkpoint."""
    shutil.copy(on_sqlite.folder / "backup.head", on_sqlite.world.places.head)
    assert on_sqlite.restore().exit_code == 0
    note = on_sqlite.folder / "last.note"
    said = json.loads(on_sqlite.restore("--checkpoint", note, "--json").output)
    assert said["lost"]["count"] == END - BACKUP
    assert on_sqlite.begin("--checkpoint", note).exit_code == 0
    assert on_sqlite.verify("lost.json", *on_sqlite.lives)[1].startswith("LOST:")
