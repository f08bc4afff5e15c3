import json
import re
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from ledger.merkle import kernel
from tools.bench import merkle, merkle_rivals
from tools.bench.merkle import Row
from tools.bench.merkle_plot import plot
from tools.main import cli

KEYS = ["work", "size", "threads", "per_second", "ns_each", "rival", "kernel"]
OURS = {
    "leaf hashes", "node hashes", "tree", "inclusion proofs, random", "inclusion proofs, sequential", "verification",
    "consistency proofs", "consistency, verified", "append", "open the files", "open and check them",
    "rebuild the files",
}  # fmt: skip


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(merkle, "_SECONDS", 0)
    monkeypatch.setattr(merkle, "_PROOFS", 100)
    monkeypatch.setattr(merkle, "_VERIFIED", 100)
    monkeypatch.setattr(merkle, "_CONSISTENCY", 10)
    monkeypatch.setattr(merkle_rivals, "_SAMPLE", 20)
    monkeypatch.setattr(merkle_rivals, "_COMPRESSIONS", 20)


def run(*args):
    done = CliRunner().invoke(cli, ["bench", "merkle", *args])
    assert done.exit_code == 0, done.output
    return done


def test_json_is_one_list_of_rows():
    rows = json.loads(run("--sizes", "20,100", "--threads", "1,2", "--json").stdout)
    assert all(list(row) == KEYS for row in rows)
    ours = [row for row in rows if row["rival"] is None]
    assert {row["work"] for row in ours} == OURS
    assert {row["size"] for row in rows} == {20, 100}
    assert {row["threads"] for row in ours} == {1, 2}
    assert all(row["per_second"] > 0 for row in ours)
    assert {row["kernel"] for row in ours if row["work"] != "node hashes"} == {kernel.path_chosen()}
    assert {row["rival"] for row in rows} - {None} >= {"hashlib loop", "pymerkle", "DataFusion", "DuckDB"}


def test_the_table_lists_every_row_and_a_drawing_is_made(tmp_path):
    done = run("--sizes", "30", "--threads", "1", "--plot", str(tmp_path / "merkle.svg"))
    assert done.stdout.startswith(f"hash kernel: {kernel.path_chosen()}\n")
    for work in OURS:
        assert work in done.stdout
    told = re.search(
        r"memory of [0-9,]+ leaves: ([0-9.]+) bytes a leaf, mapped from files; [0-9.]+ MiB beside", done.stdout
    )
    assert told is not None
    assert 32 < float(told[1]) <= 64
    drawing = ET.fromstring((tmp_path / "merkle.svg").read_text("utf-8"))  # noqa: S314  our own file
    texts = ["".join(element.itertext()) for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert set(texts) >= OURS
    assert "coilmark, 1 thread" in texts


def test_a_rival_that_is_not_installed_is_absent(monkeypatch):
    monkeypatch.setattr(merkle_rivals, "find_spec", lambda _: None)
    rows = json.loads(run("--sizes", "20", "--threads", "1", "--json").stdout)
    absent = [row for row in rows if row["rival"] in {"pymerkle", "DataFusion", "DuckDB"}]
    assert len(absent) == 8
    assert all(row["per_second"] is None and row["ns_each"] is None for row in absent)
    assert run("--sizes", "20", "--threads", "1").stdout.count("absent") >= 8


def test_without_a_kernel_there_is_a_plain_warning(monkeypatch):
    monkeypatch.setattr(kernel, "_native", None)
    done = run("--sizes", "20", "--threads", "1")
    assert "Warning: no hash kernel was built for this processor" in done.stderr
    assert done.stdout.startswith("hash kernel: portable\n")


@pytest.mark.parametrize("option", ["--sizes", "--threads"])
@pytest.mark.parametrize("text", ["", "a", "1,", "0", "-5", "1;2"])
def test_what_is_no_list_of_numbers_is_a_wrong_call(option, text):
    done = CliRunner().invoke(cli, ["bench", "merkle", option, text])
    assert done.exit_code == 2
    assert "is no list of numbers" in done.stderr


def test_a_drawing_shows_larger_as_higher_and_further_right():
    rows = [
        Row("tree", size, 1, 1e9 / each, each, None, "portable")
        for size, each in ((100, 10.0), (1000, 100.0), (10_000, 900.0))
    ]
    drawing = ET.fromstring(plot([*rows, Row("tree", 100, 1, None, None, "pymerkle", "portable")]))  # noqa: S314  our own text
    (line,) = drawing.iter("{http://www.w3.org/2000/svg}polyline")
    points = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
    assert points == sorted(points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)


def test_every_line_has_a_colour_of_its_own():
    rows = [Row("tree", 100, threads, 1.0, 1.0, rival, "portable") for threads in (1, 2) for rival in (None, *"abcd")]
    drawing = ET.fromstring(plot(rows))  # noqa: S314  our own text
    colours = [line.get("stroke") for line in drawing.iter("{http://www.w3.org/2000/svg}polyline")]
    assert len(set(colours)) == len(colours) == 10


def test_node_hashes_are_timed_on_every_path_of_the_processor():
    rows = json.loads(run("--sizes", "20", "--threads", "1", "--json").stdout)
    paths = set(kernel.available_paths()[:-1]) or {"portable"}
    assert {row["kernel"] for row in rows if row["work"] == "node hashes" and row["rival"] is None} == paths
    limits = [row for row in rows if row["rival"] == merkle_rivals.LIMIT]
    assert {row["kernel"] for row in limits} == paths


@pytest.mark.slow
def test_a_rival_that_takes_too_long_is_left_out_and_said_so(monkeypatch):
    monkeypatch.setattr(merkle_rivals, "_LARGEST", dict.fromkeys(merkle_rivals._LARGEST, 20))
    done = run("--sizes", "20,2000", "--threads", "1")
    lines = [line for line in done.stdout.splitlines() if "left out" in line]
    assert len(lines) == 8
    assert all(re.search(r"2,000 .* left out: [\d.]+ s a run, by its rate at 20 ", line) for line in lines)
    rows = json.loads(run("--sizes", "2000", "--threads", "1", "--json").stdout)
    left_out = [row for row in rows if row["rival"] in merkle_rivals._LARGEST and row["per_second"] is None]
    assert len(left_out) == 8
    assert all(list(row) == KEYS for row in left_out)


def test_a_tree_may_have_more_leaves_than_there_are_entries_in_memory(monkeypatch):
    monkeypatch.setattr(merkle, "_ENTRIES", 70)
    rows = json.loads(run("--sizes", "200", "--threads", "1", "--json").stdout)
    assert {row["work"] for row in rows if row["rival"] is None} == OURS
