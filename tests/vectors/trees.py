"""Vectors of proofs, notes, checkpoints, proofs as text, and trust files (SPEC 4.6)."""

from dataclasses import replace

import slow_merkle
from small_ledger import signer
from vectors.cases import Case, text_or_base64

from ledger.kernel.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from ledger.kernel.note import (
    Line,
    Note,
    Vkey,
    cosignature_line,
    format_note,
    format_vkey,
    parse_note,
    sign_note,
    signature_line,
    vkey_of,
)
from ledger.kernel.tlog_proof import TlogProof, format_tlog_proof

ORIGIN = "ledger.example/park"
LOG = vkey_of(ORIGIN, signer("log").key)
WITNESSES = {name: vkey_of(f"{name}.example", signer(name).key, 0x04) for name in ("w1", "w2", "w3")}
SEEN = 1_767_585_700
PINNED = "(417)9521141000014"


def leaves(count):
    return [slow_merkle.leaf(f"leaf {number}".encode()) for number in range(count)]


def hexed(nodes):
    return [node.hex() for node in nodes]


def proofs():
    yield from _inclusion()
    yield from _consistency()
    yield from _multi()


def _included(index, size):
    tree = leaves(size)
    return {
        "kind": "inclusion",
        "index": index,
        "size": size,
        "leaf": tree[index].hex(),
        "path": hexed(slow_merkle.path(index, tree)),
        "root": slow_merkle.mth(tree).hex(),
    }


def _inclusion():
    for index, size in ((0, 1), (6, 7), (5, 13), (12, 13)):
        yield Case("proof", f"inclusion-{index}-of-{size}", f"Leaf {index} of {size}.", _included(index, size))
    path = _included(5, 13)["path"]
    bad = [
        ("inclusion-path-too-short", {"path": path[:-1]}),
        ("inclusion-path-too-long", {"path": [*path, "00" * 32]}),
        ("inclusion-another-index", {"index": 4}),
        ("inclusion-index-beyond-the-tree", {"index": 13}),
        (
            "inclusion-inner-node-as-a-leaf",
            {"index": 2, "leaf": slow_merkle.mth(leaves(13)[4:6]).hex(), "path": path[1:]},
        ),
    ]
    for name, change in bad:
        yield Case("proof", name, "Refused.", _included(5, 13) | change, "inclusion")


def _grown(old, new, **changes):
    tree = leaves(new)
    given = {
        "kind": "consistency",
        "old_size": old,
        "new_size": new,
        "old_root": slow_merkle.mth(tree[:old]).hex(),
        "new_root": slow_merkle.mth(tree).hex(),
        "path": hexed(slow_merkle.proof(old, tree)) if old else [],
    }
    return given | changes


def _consistency():
    for old, new in ((4, 7), (6, 8), (7, 13), (8, 8)):
        yield Case("proof", f"consistency-{old}-to-{new}", f"Size {new} continues size {old}.", _grown(old, new))
    bad = [
        ("consistency-from-0", _grown(0, 7)),
        ("consistency-another-old-root", _grown(7, 13, old_root=slow_merkle.mth(leaves(6)).hex())),
        ("consistency-same-size-other-root", _grown(8, 8, old_root=slow_merkle.mth(leaves(7)).hex())),
    ]
    for name, given in bad:
        yield Case("proof", name, "Refused.", given, "consistency")


def _many(indices, size):
    tree = leaves(size)
    return {
        "kind": "multi",
        "size": size,
        "leaves": [[index, tree[index].hex()] for index in indices],
        "path": hexed(slow_merkle.multi(indices, tree)),
        "root": slow_merkle.mth(tree).hex(),
    }


def _multi():
    good = [
        ("multi-one-leaf", "One leaf: its audit path.", [5], 13),
        ("multi-lone-rightmost", "The last leaf of 13 moves up alone, twice.", [0, 12], 13),
        ("multi-spread", "Leaves all over the tree.", [1, 2, 6, 9, 12], 13),
        ("multi-all", "All leaves: no hash at all.", [0, 1, 2, 3, 4], 5),
    ]
    for name, desc, indices, size in good:
        yield Case("proof", name, desc, _many(indices, size))
    given = _many([1, 6], 13)
    bad = [
        ("multi-hash-too-many", {"path": [*given["path"], "00" * 32]}),
        ("multi-leaves-descend", {"leaves": given["leaves"][::-1]}),
        ("multi-leaf-twice", {"leaves": [given["leaves"][0]] * 2}),
    ]
    for name, change in bad:
        yield Case("proof", name, "Refused.", given | change, "inclusion")


TEXT = "first line\nsecond line\n"
SIGNED = sign_note(TEXT, ORIGIN, signer("log"))


def _note_case(folder, name, desc, note, vkeys, *, code=None, **said):
    given = {**text_or_base64("note", note.encode("utf-8")), "vkeys": [format_vkey(one) for one in vkeys]}
    return Case(folder, name, desc, given, code, said)


def notes():
    unknown = signature_line(TEXT, "other.example", signer("other"))
    first = {"name": ORIGIN, "key_id": LOG.key_id.hex()}
    seen = {"name": "w1.example", "key_id": WITNESSES["w1"].key_id.hex(), "timestamp": SEEN}
    cosigned = SIGNED + cosignature_line(TEXT, "w1.example", signer("w1"), SEEN)
    false = format_note(Note(TEXT, (replace(parse_note(SIGNED).lines[0], blob=bytes(64)),)))
    line = Line("pq.example", Vkey("pq.example", 6, bytes(1312)).key_id, bytes(2428))
    good = [
        ("signed", "One Ed25519 signature.", SIGNED, [LOG], [first]),
        ("cosigned", "Signed, and cosigned by a witness.", cosigned, [LOG, WITNESSES["w1"]], [first, seen]),
        ("line-of-an-unknown-key", "Another key's line is ignored.", SIGNED + unknown, [LOG], [first]),
        (
            "ml-dsa-line",
            "A line of type 0x06 is ignored.",
            format_note(Note(TEXT, (*parse_note(SIGNED).lines, line))),
            [LOG],
            [first],
        ),
    ]
    for name, desc, note, vkeys, verified in good:
        yield _note_case("note", name, desc, note, vkeys, text=TEXT, verified=verified)
    bad = [
        ("bad-line-of-a-known-key", SIGNED.replace("first", "worst"), "signature"),
        ("bad-line-beside-a-good-one", cosigned + false.split("\n\n")[1], "signature"),
        ("no-line-of-a-known-key", TEXT + "\n" + unknown, "unsigned"),
        ("hyphen-for-the-dash", SIGNED.replace("\u2014", "-"), "note"),
        ("no-newline-at-the-end", SIGNED[:-1], "note"),
        ("65-lines", TEXT + "\n" + unknown * 65, "signature_lines"),
    ]
    for name, note, code in bad:
        yield _note_case("note", name, f"Refused: {name.replace('-', ' ')}.", note, [LOG, WITNESSES["w1"]], code=code)


def _checkpoint(size=13, origin=ORIGIN):
    return Checkpoint(origin, size, slow_merkle.mth(leaves(size)))


def _signed(text, name=ORIGIN, key="log"):
    return sign_note(text, name, signer(key))


def checkpoints():
    text = format_checkpoint(_checkpoint())
    note = sign_checkpoint(_checkpoint(), ORIGIN, signer("log"))
    lines = "".join(cosignature_line(text, f"{name}.example", signer(name), SEEN) for name in ("w1", "w2"))
    root = slow_merkle.mth(leaves(13)).hex()
    two = [
        {"name": f"{name}.example", "key_id": WITNESSES[name].key_id.hex(), "timestamp": SEEN} for name in ("w1", "w2")
    ]
    everyone = [LOG, *WITNESSES.values()]
    yield _note_case("checkpoint", "signed", "Signed by the log.", note, [LOG], size=13, root=root, cosignatures=[])
    yield _note_case(
        "checkpoint",
        "witnessed",
        "Cosigned by two of three witnesses.",
        note + lines,
        everyone,
        origin=ORIGIN,
        cosignatures=two,
    )
    yield _note_case(
        "checkpoint",
        "empty-tree",
        "Size 0 has the SHA-256 of nothing.",
        _signed(format_checkpoint(_checkpoint(0))),
        [LOG],
        size=0,
    )
    yield _note_case(
        "checkpoint",
        "extension-line-of-another-log",
        "An extension line means nothing.",
        _signed(text + "extension\n"),
        [LOG],
        size=13,
    )
    bad = [
        ("only-witnesses-signed", f"{text}\n{lines}", "log_signature"),
        ("origin-of-another-log", _signed(text.replace(ORIGIN, "ledger.example/other")), "origin"),
        ("size-with-a-leading-zero", _signed(text.replace("\n13\n", "\n013\n")), "number"),
        ("root-of-31-bytes", _signed(f"{ORIGIN}\n13\n{'A' * 40}AA==\n"), "base64"),
        ("size-0-with-another-root", _signed(text.replace("\n13\n", "\n0\n")), "root"),
        ("cosignature-of-another-time", _retimed(note + lines), "signature"),
    ]
    for name, signed, code in bad:
        yield _note_case("checkpoint", name, f"Refused: {name.replace('-', ' ')}.", signed, everyone, code=code)


def _retimed(note):
    """The witness's line with a time that it did not sign."""
    parsed = parse_note(note)
    first, line, *rest = parsed.lines
    moved = replace(line, blob=(SEEN + 1).to_bytes(8, "big") + line.blob[8:])
    return format_note(Note(parsed.text, (first, moved, *rest)))


def tlog_proofs():
    tree = leaves(13)
    note = sign_checkpoint(_checkpoint(), ORIGIN, signer("log"))
    proof = TlogProof(5, tuple(slow_merkle.path(5, tree)), note)
    text = format_tlog_proof(proof)
    yield Case("tlog-proof", "good", "Leaf 5 of 13.", {"text": text}, said={"index": 5, "path": hexed(proof.path)})
    yield Case(
        "tlog-proof",
        "good-extra",
        "Extra data, which nothing vouches for.",
        {"text": format_tlog_proof(replace(proof, extra=b"extra"))},
        said={"extra": b"extra".hex()},
    )
    long = replace(proof, path=(bytes(32),) * 64)
    bad = [
        ("another-header", text.replace("@v1", "@v2"), "tlog_proof"),
        ("index-missing", text.replace("index 5\n", ""), "tlog_proof"),
        ("index-with-a-leading-zero", text.replace("index 5\n", "index 05\n"), "number"),
        ("64-hashes", format_tlog_proof(long), "path"),
        ("no-checkpoint", text.partition("\n\n")[0] + "\n\n", "note"),
    ]
    for name, data, code in bad:
        yield Case("tlog-proof", name, f"Refused: {name.replace('-', ' ')}.", {"text": data}, code)


def trusts():
    keys = {name: format_vkey(vkey) for name, vkey in WITNESSES.items()}
    log = f"log {format_vkey(LOG)}\n"
    all_of = "".join(f"witness {name} {vkey}\n" for name, vkey in keys.items())
    kid = signer("plant").key.kid
    two = f"{log}{all_of}group two 2 w1 w2 w3\nquorum two\n"
    good = [
        ("no-witness", f"{log}quorum none\n", [[]], [True]),
        ("two-of-three", two, [["w1"], ["w1", "w3"], ["w1", "w2", "w3"]], [False, True, True]),
        (
            "groups-in-groups",
            f"{log}{all_of}group a any w1 w2\ngroup b all a w3\nquorum b\n",
            [["w1", "w2"], ["w2", "w3"], ["w3"]],
            [False, True, False],
        ),
        ("pin-comment-and-white-space", f"# mine\n\n\t{log}party  {PINNED}\t{kid}\nquorum none\n", [[]], [True]),
    ]
    for name, text, cosigned, met in good:
        given = {"text": text, "cosigned": cosigned}
        yield Case("trust", name, f"{name.replace('-', ' ').capitalize()}.", given, said={"quorum_met": met})
    bad = [
        ("no-quorum-line", log, "trust"),
        ("no-newline-at-the-end", f"{log}quorum none", "trust"),
        ("group-before-its-members", f"{log}group g any w1\n{all_of}quorum g\n", "trust"),
        ("witness-in-two-groups", f"{log}{all_of}group a any w1\ngroup b any w1 w2\nquorum b\n", "trust"),
        ("key-listed-twice", f"{log}{log}quorum none\n", "trust"),
        ("key-id-of-another-name", f"{log.replace('park+', 'pork+')}quorum none\n", "vkey"),
        ("witness-key-as-log", f"log {keys['w1']}\nquorum none\n", "vkey"),
    ]
    for name, text, code in bad:
        given = {"text": text, "cosigned": []}
        yield Case("trust", f"bad-{name}", f"Refused: {name.replace('-', ' ')}.", given, code)
