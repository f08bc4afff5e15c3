"""All vectors together."""

from vectors import (
    attestations,
    bundles,
    computed,
    entries,
    example,
    footprints,
    histories,
    jsons,
    misbehaviours,
    receipts,
    statements,
    trees,
)
from vectors.cases import check, file_of
from vectors.run import outcome

BEGIN, END = "<!-- example:begin -->", "<!-- example:end -->"


def cases():
    yield from entries.entries()
    yield from entries.lineages()
    yield from entries.subjects()
    yield from entries.implications()
    yield from jsons.jsons()
    yield from statements.statements()
    yield from trees.proofs()
    yield from trees.notes()
    yield from trees.checkpoints()
    yield from trees.tlog_proofs()
    yield from trees.trusts()
    yield from histories.histories()
    yield from receipts.receipts()
    yield from bundles.bundles()
    yield from computed.computed()
    yield from footprints.footprints()
    yield from attestations.attestations()
    yield from misbehaviours.misbehaviours()


def vector_files():
    """Every vector file: its path below schemas/vectors and its bytes."""
    files = {example.NAME: example.file_bytes(example.values())}
    for case in cases():
        found = outcome(case.folder, case.input)
        check(case, found)
        if case.path in files:
            raise AssertionError(f"two vectors are called {case.path}")
        files[case.path] = file_of(case.desc, case.input, found)
    return files


def with_example(spec, shown):
    """The text of SPEC.md with the worked example between its two marks."""
    before, rest = spec.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{example.page(shown)}{END}{after}"
