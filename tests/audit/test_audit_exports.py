"""Exports: what was written audits as the database does, and nothing in a folder can be changed unseen."""

import json
import os
import random
import signal
from collections import Counter
from contextlib import contextmanager
from hashlib import sha256

import pyarrow as pa
import pytest
from pyarrow import ipc
from small_ledger import signer
from tampering import change, copy, findings

from ledger.audit.audit import Order, audit
from ledger.audit.crew import crew
from ledger.audit.exported import ExportReader, ExportSource
from ledger.audit.segments import ARROW, PARQUET, format_manifest, parse_manifest, read_segment
from ledger.exporting import histories
from ledger.exporting.writing import Plan, write_export
from ledger.kernel.checkpoint import parse_checkpoint, sign_checkpoint
from ledger.kernel.errors import Conflict, Damaged, Malformed
from ledger.kernel.note import parse_note
from tests.audit import mutated_segments
from tests.tiers import first

SEGMENT = 6  # entries a file: three files
FUZZ = "COILMARK_FUZZ" in os.environ  # else the same in every run
MUTATED = 2_000 if FUZZ else 400  # segments of each form


def head(recorded):
    return parse_checkpoint(parse_note(recorded.checkpoint).text)


def sign(checkpoint):
    return sign_checkpoint(checkpoint, checkpoint.origin, signer("log"))


def write(recorded, folder, form=ARROW, *, database=None, statements=True):
    plan = Plan(database or recorded.database, folder, form, SEGMENT, statements)
    return write_export(plan, head(recorded), sign)


def audited(folder, **order):
    return audit(Order(ExportSource(folder), **order))


def found(folder, **order):
    return [(one.code, one.index) for one in audited(folder, **order).findings]


@pytest.fixture
def export(recorded, tmp_path):
    write(recorded, tmp_path / "export")
    return tmp_path / "export"


@pytest.mark.parametrize("form", [ARROW, PARQUET])
def test_export_audits_clean(recorded, tmp_path, form):
    write(recorded, tmp_path / "export", form)
    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == [
        f"000000000000.{form}", f"000000000006.{form}", f"000000000012.{form}", "manifest.json",
    ]  # fmt: skip
    whole = audited(tmp_path / "export", trust=recorded.trust)
    assert whole.findings == ()
    assert (whole.size, whole.signatures) == (recorded.size, recorded.size)
    assert whole.root == head(recorded).root


def test_export_without_statements(recorded, tmp_path):
    write(recorded, tmp_path / "export", statements=False)
    whole = audited(tmp_path / "export", statements=False, trust=recorded.trust)
    assert (whole.findings, whole.signatures, whole.subjects) == ((), 0, 9)
    written = b"".join(path.read_bytes() for path in (tmp_path / "export").iterdir())
    assert b"lot-event" not in written
    assert b"eyJ" not in written


def test_export_is_never_written_over_something(recorded, export):
    with pytest.raises(Conflict, match="is not empty"):
        write(recorded, export)


def test_database_that_does_not_lead_to_the_head_is_not_exported(recorded, tmp_path):
    database = copy(recorded, tmp_path)
    change(database, "entry", recorded.plain, lambda entry: entry[:16] + bytes(1) + entry[17:])
    with pytest.raises(Damaged, match="run `coilmark audit`"):
        write(recorded, tmp_path / "export", database=database)
    assert not (tmp_path / "export" / "manifest.json").exists()


def test_database_with_an_entry_less_is_not_exported(recorded, tmp_path):
    database = copy(recorded, tmp_path)
    with pytest.raises(Damaged, match="only 4 are stored"):
        write_export(
            Plan(database, tmp_path / "export", ARROW, SEGMENT), replace_size(head(recorded), recorded.size + 8), sign
        )


def replace_size(checkpoint, size):
    return type(checkpoint)(checkpoint.origin, size, checkpoint.root)


@pytest.mark.slow
def test_segment_with_another_hash_is_not_decoded(export):
    path = export / "000000000006.arrow"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert ("unreadable", 6) in found(export)
    assert ("root_unknown", None) in found(export)


def rewrite(export, name, edit):
    """Change a segment's rows and the manifest with it, as whoever made the export could."""
    path = export / name
    table = ipc.open_file(path).read_all()
    rows = table.to_pylist()
    edit(rows)
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=table.schema))
    manifest = json.loads((export / "manifest.json").read_bytes())
    for segment in manifest["segments"]:
        if segment["file"] == name:
            segment["sha256"] = sha256(path.read_bytes()).hexdigest()
    (export / "manifest.json").write_bytes(json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    first(
        [
            ("leaf", bytes(32), "leaf"),
            ("seed", bytes(32), "lineage_digest"),
            ("jwt", b"eyJ.eyJ.eyJ", "statement_digest"),
            ("typ", "party", "typ"),
            ("index", 99, "index"),
            ("items", b"", "item_missing"),
        ]
    ),
)
def test_row_changed_with_the_manifest(export, column, value, code):
    rewrite(export, "000000000006.arrow", lambda rows: rows[1].update({column: value}))
    assert (code, 7) in found(export)


@pytest.mark.slow
def test_rows_that_change_places(export):
    rewrite(export, "000000000006.arrow", lambda rows: rows.reverse())
    assert {("index", 6), ("index", 11), ("chain", 6), ("checkpoint_signature", None)} - set(found(export)) == {
        ("checkpoint_signature", None)
    }


@pytest.mark.slow
def test_disclosure_left_out_with_the_manifest(recorded, export):
    rewrite(export, "000000000006.arrow", lambda rows: rows[recorded.hiding - 6].update(disclosures=[]))
    assert found(export) == [("disclosure_missing", recorded.hiding)]


def test_last_segment_left_out_with_the_manifest(recorded, export):
    manifest = parse_manifest((export / "manifest.json").read_bytes())
    less = type(manifest)(manifest.uri, manifest.format, True, manifest.checkpoint, manifest.segments[:-1])
    (export / "manifest.json").write_bytes(format_manifest(less))
    whole = audited(export, trust=recorded.trust)
    assert [one.sentence for one in whole.findings] == [
        "the checkpoint of the export covers 16 entries, only 12 are stored: entries were removed"
    ]


@pytest.mark.slow
def test_every_kind_of_byte_of_an_export_matters(recorded, export):
    choose = random.Random(20260105)
    for path in sorted(export.iterdir()):
        whole = path.read_bytes()
        for _ in range(12):
            at = choose.randrange(len(whole))
            path.write_bytes(whole[:at] + bytes([whole[at] ^ choose.choice((0x01, 0x80, 0xFF))]) + whole[at + 1 :])
            assert in_this_process(export, recorded), f"byte {at} of {path.name}"
        path.write_bytes(whole)
    assert not in_this_process(export, recorded)


def in_this_process(export, recorded):
    """As `found`, without a process for each audit: a wrong hash is never decoded."""
    source = ExportSource(export)
    outline = source.outline()
    if outline.findings:
        return True
    with source.reading() as reader:
        if any(reader.rows(start, end)[1] for start, end in outline.ranges):
            return True
    return bool(found(export, trust=recorded.trust))


@pytest.mark.parametrize(
    ("edit", "says"),
    first(
        [
            (lambda m: m.update(type="coilmark.export/v2"), "is not of type"),
            (lambda m: m.update(more=1), "unknown members: more"),
            (lambda m: m["segments"].pop(0), "is not the one from 0 on"),
            (lambda m: m["segments"][1].update(file="../secret.arrow"), "is not the one from 6 on"),
            (lambda m: m["segments"][1].update(first=7), "is not the one from 6 on"),
            (lambda m: m["segments"][2].update(count=0), "is not the one from 12 on"),
            (lambda m: m["segments"][0].update(count=70_000), "count is an integer from 0 to 65536"),
        ]
    ),
)
def test_manifest_that_is_none(export, edit, says):
    manifest = json.loads((export / "manifest.json").read_bytes())
    edit(manifest)
    data = json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n"
    with pytest.raises(Malformed, match=says):
        parse_manifest(data)
    (export / "manifest.json").write_bytes(data)
    assert found(export) == [("manifest", None)]


def test_segment_with_other_columns(export):
    manifest = parse_manifest((export / "manifest.json").read_bytes())
    path = export / "000000000000.arrow"
    table = ipc.open_file(path).read_all().drop_columns(["seed"])
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    segment = type(manifest.segments[0])(path.name, 0, SEGMENT, sha256(path.read_bytes()).hexdigest())
    with pytest.raises(Malformed, match="has other columns or rows"):
        read_segment(export, manifest, segment)


@pytest.mark.slow
@pytest.mark.parametrize("form", [ARROW, PARQUET])
def test_mutated_segments_are_told_of_and_end_nobody_but_their_reader(recorded, tmp_path, form):
    """Whoever forges a file forges its hash in the manifest too: only the decoder stands between."""
    write(recorded, tmp_path / "export", form)
    data = (tmp_path / "export" / f"{0:012d}.{form}").read_bytes()
    first = random.randrange(2**32) if FUZZ else 1
    tasks = [mutated_segments.Mutation(first + n, form, data, SEGMENT) for n in range(MUTATED)]
    with crew(1) as readers:
        said = Counter(readers.in_order(mutated_segments.read, tasks, mutated_segments.lost))
    assert said.total() == MUTATED, f"seed {first}"
    assert said.keys() <= {"taken", "segment", "unreadable", "brought down"}, (first, said)
    assert said["segment"] > MUTATED / 20  # many reach the decoder and are refused by it; how many hangs on the throw


class DyingReader(ExportReader):
    def rows(self, start, end):
        if start == SEGMENT:
            os.kill(os.getpid(), signal.SIGSEGV)  # as Arrow does with the right wrong number in a file
        return super().rows(start, end)


class Dying(ExportSource):
    @contextmanager
    def reading(self):
        yield DyingReader(self.folder)


@pytest.mark.slow
def test_a_segment_that_brings_its_reader_down_costs_its_own_entries_alone(export):
    report = audit(Order(Dying(export)))
    said = [one.sentence for one in report.findings]
    assert "entries 6 to 11 cannot be read: the process that read them was brought down" in said
    assert {one.index for one in report.findings if one.code == "unreadable"} == {6}


@pytest.mark.slow
def test_what_a_hostile_export_does_to_its_reader_it_does_not_do_to_compare(export, monkeypatch):
    assert histories.of_export(export)[1].size == 16
    monkeypatch.setattr(histories, "_leaves", segfaults)
    with pytest.raises(Damaged, match=r"000000000000\.arrow brought down the process that read it"):
        histories.of_export(export)


def segfaults(_file):
    os.kill(os.getpid(), signal.SIGSEGV)


def test_database_and_export_find_the_same(recorded, tmp_path):
    database = copy(recorded, tmp_path)
    change(database, "jwt", recorded.plain, lambda jwt: jwt[:-8] + b"AAAAAAA" + jwt[-1:])
    write(recorded, tmp_path / "export", database=database)
    assert found(tmp_path / "export") == findings(database)
