"""Level files against the leaves that are stored: derived, so that a fault in them is mended by taking them away."""

from pathlib import Path

from ledger.audit.findings import Finding
from ledger.kernel.hashing import HASH_SIZE
from ledger.merkle.built import Built


def judge_levels(folder: Path, tree: Built) -> list[Finding]:
    """Each node in the files, as far as the tree reaches. A file that is short or missing is made again at a start."""
    findings = []
    # A complete tree's root is a node of its files too.
    top = [tree.root()] if tree.size > 1 and tree.size.bit_count() == 1 else []
    for level, nodes in enumerate([*tree.levels_of(tree.size), *top]):
        file = folder / f"level-{level:02}"
        if not file.is_file():
            continue
        complete = (tree.size >> level) * HASH_SIZE
        stored, made = file.read_bytes()[:complete], bytes(memoryview(nodes)[:complete])
        if stored != made[: len(stored)]:
            at = next(
                i for i in range(0, len(stored), HASH_SIZE) if stored[i : i + HASH_SIZE] != made[i : i + HASH_SIZE]
            )
            node = at // HASH_SIZE
            says = f"level file {file.name}: node {node} is not the hash of what is stored; remove the level files"
            findings.append(Finding("levels", says, None, {"level": level, "node": node}))
    return findings
