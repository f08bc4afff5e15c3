"""Heads: every place that says how far the ledger goes and with which root, against the leaves that are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.audit.authority import Epoch
from ledger.audit.findings import Finding
from ledger.kernel.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.note import Vkey, format_vkey, parse_note, parse_vkey
from ledger.kernel.trust import Trust, quorum_met


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint that somebody holds: where it comes from, for the sentences, and its text.

    `signed` is False for the unsigned text of the head's second place.
    """

    name: str
    text: str
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Roots:
    """What the stored leaves lead to: the root at every size that was asked for, and at `size`, the end."""

    size: int
    at: Mapping[int, bytes]


def size_of(kept: Kept) -> int | None:
    """The size a kept checkpoint speaks of, verified or not; None where it is none."""
    try:
        return _read(kept).size
    except CoilmarkError:
        return None


def judge_head(root: bytes | None, roots: Roots) -> list[Finding]:
    """The head row of the database, or the root in a manifest, against the leaves."""
    if root is None or root == roots.at[roots.size]:
        return []
    says = (
        f"the head says that {roots.size} entries have root {root.hex()}, "
        f"the entries stored lead to {roots.at[roots.size].hex()}"
    )
    return [Finding("root", says)]


def judge_kept(kept: Kept, roots: Roots, epochs: Sequence[Epoch], trust: Trust | None) -> list[Finding]:
    """Whether what is stored now is a later state of what was kept (consistency, by recomputing the root)."""
    try:
        checkpoint = _read(kept)
    except CoilmarkError as error:
        return [Finding("checkpoint", f"{kept.name} is no checkpoint: {error.sentence}")]
    findings = [*_signature(kept, checkpoint, epochs, trust)] if kept.signed else []
    origins = [epoch.origin for epoch in epochs]
    if origins and checkpoint.origin not in origins:
        says = f"{kept.name} is a checkpoint of {checkpoint.origin}, this ledger is {', '.join(origins)}"
        return [*findings, Finding("origin", says)]
    return findings + _consistent(kept, checkpoint, roots, origins)


def former(epochs: Sequence[Epoch]) -> tuple[Kept, ...]:
    """The last checkpoint of each incarnation before this one, as the ledger itself keeps it."""
    return tuple(Kept(f"the checkpoint in entry {one.index}", one.before) for one in epochs if one.before)


def judge_incarnations(epochs: Sequence[Epoch], roots: Roots) -> tuple[list[Finding], list[Finding]]:
    """Findings and notes about each restore: the tree goes on, and what was lost is what the statement says (SPEC 4.5).

    A checkpoint from before that reaches no further than the new incarnation must fit; of one that does, the entries
    beyond are lost, which is no fault of what is stored.
    """
    findings: list[Finding] = []
    notes: list[Finding] = []
    for at, (epoch, kept) in enumerate(zip((one for one in epochs if one.before), former(epochs), strict=True), 1):
        size = size_of(kept)
        if size is None:
            findings.append(Finding("checkpoint", f"{kept.name} is no checkpoint", epoch.index))
            continue
        lost = max(0, size - epoch.index)
        if epoch.lost[1] - epoch.lost[0] != lost:
            told = epoch.lost[1] - epoch.lost[0]
            says = f"entry {epoch.index}: it says that {told} entries were lost, its checkpoint covers {lost} more"
            findings.append(Finding("lost", says, epoch.index))
        if lost:
            says = f"entry {epoch.index}: a restore lost {lost} entries of the incarnation before"
            notes.append(Finding("lost", says, epoch.index))
        else:
            findings += judge_kept(kept, roots, epochs[:at], None)
    return findings, notes


def _consistent(kept: Kept, checkpoint: Checkpoint, roots: Roots, origins: Sequence[str]) -> list[Finding]:
    facts = {"kept_size": checkpoint.size, "kept_root": checkpoint.root.hex(), "size": roots.size}
    if checkpoint.size > roots.size:
        lost = origins and checkpoint.origin != origins[-1]
        why = "a restore lost the rest, as a later ledger statement says" if lost else "entries were removed"
        says = f"{kept.name} covers {checkpoint.size} entries, only {roots.size} are stored: {why}"
        return [Finding("lost" if lost else "removed", says, None, facts)]
    root = roots.at[checkpoint.size]
    if root == checkpoint.root:
        return []
    says = (
        f"{kept.name} says that the first {checkpoint.size} entries have root {checkpoint.root.hex()}, "
        f"those stored now lead to {root.hex()}: history was rewritten"
    )
    return [Finding("rewritten", says, None, {**facts, "root": root.hex()})]


def _signature(kept: Kept, checkpoint: Checkpoint, epochs: Sequence[Epoch], trust: Trust | None) -> list[Finding]:
    """By the log keys of the trust file, which the ledger must name as its own; else by those the ledger names."""
    named = {vkey for epoch in epochs if epoch.origin == checkpoint.origin for vkey in epoch.log_keys}
    vkeys = trust.vkeys if trust is not None else _vkeys(named)
    if not vkeys:
        return []  # nobody to believe: said under what was not checked
    try:
        open_checkpoint(kept.text, vkeys)
    except CoilmarkError as error:
        return [Finding("checkpoint_signature", f"{kept.name} is not signed as it must be: {error.sentence}")]
    believed = {format_vkey(log.vkey) for log in trust.logs if log.vkey.name == checkpoint.origin} if trust else named
    if epochs and not believed & named:
        says = f"the log key of {checkpoint.origin} in the trust file is none that the ledger names as its own"
        return [Finding("log_key", says)]
    return []


def unwitnessed(kept: Kept, trust: Trust | None) -> list[Finding]:
    """A note where a kept checkpoint lacks the cosignatures that the trust file asks for: no fault of the ledger."""
    if trust is None or trust.quorum is None or not kept.signed:
        return []
    try:
        _, cosignatures = open_checkpoint(kept.text, trust.vkeys)
    except CoilmarkError:
        return []
    if quorum_met(trust, [one.vkey for one in cosignatures]):
        return []
    return [Finding("quorum", f"{kept.name} lacks the cosignatures that the trust file asks for")]


def _vkeys(texts: set[str]) -> tuple[Vkey, ...]:
    found = []
    for text in sorted(texts):
        try:
            found.append(parse_vkey(text))
        except CoilmarkError:
            continue  # a key of a kind we cannot use verifies nothing
    return tuple(found)


def _read(kept: Kept) -> Checkpoint:
    return parse_checkpoint(parse_note(kept.text).text if kept.signed else kept.text)
