"""The worked example of SPEC 1: a real ledger of four entries, from fixed seeds; and the page that shows it."""

import hashlib
import json
import tempfile
from pathlib import Path

from small_ledger import PLANT, URI, coil, link, piece, signer, small_ledger

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.encoding import b64url_decode
from ledger.kernel.entry import parse_entry
from ledger.kernel.hashing import tree_root
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import Hidden, parse
from ledger.kernel.subjects import subject_key
from ledger.kernel.tlog_proof import parse_tlog_proof
from ledger.recording.recovery import rehash

NAME = "example/worked-example.json"
SEEDS = ("log", "operator", "plant")
AL = {"al": "https://coilmark.org/ns/al/1/"}


def event():
    """Two coils made; the customer's order of the first is behind a digest."""
    told = {"id": link("C-1"), "material": "aluminium", "alloy": "EN-AW-5754", "order": Hidden("PO-2026-0117")}
    context = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", AL]
    return coil("C-1", "C-2", **{"@context": context, "al:attributes": [told]})


def values():
    """Every byte of the example, as its vector file holds it."""
    with tempfile.TemporaryDirectory() as folder, small_ledger(Path(folder), rules="coilmark-rules/2") as world:
        world.post(world.plant, "lot-event", event())
        stored = [world.stored(index) for index in range(4)]
        return {
            "keys": [_key(name) for name in SEEDS],
            "trust": world.trust_text,
            "statements": [one.wire.decode() for one in stored],
            "entries": [one.entry.hex() for one in stored],
            "leaves": [one.leaf.hex() for one in stored],
            "root": tree_root([one.leaf for one in stored]).hex(),
            **_statement(stored[3]),
            **_lineage(stored[3]),
            "checkpoint": world.log.state.published.note,
            "receipt": encode_receipt(world.receipt(3)).decode(),
            "bundle": encode_bundle(world.bundle(3)).decode(),
        }


def _key(name):
    """The private key (RFC 8032: 32 bytes) is SHA-256 of the seed."""
    key = signer(name).key
    return {
        "seed": name,
        "private": hashlib.sha256(name.encode()).hexdigest(),
        "public": key.raw.hex(),
        "kid": key.kid,
    }


def _statement(stored):
    said = parse(stored.wire)
    header, payload = said.signing_input.decode().split(".")
    (disclosure,) = said.disclosures
    return {
        "header": b64url_decode(header).decode(),
        "payload": b64url_decode(payload).decode(),
        "signing_input": said.signing_input.decode(),
        "signature": said.signature.hex(),
        "disclosure": {
            "json": b64url_decode(disclosure.text).decode(),
            "text": disclosure.text,
            "digest": disclosure.digest,
            "salt": b64url_decode(disclosure.salt).hex(),
            "salt_from": _source(b64url_decode(disclosure.salt)),
        },
        "statement_digest": said.digest.hex(),
    }


def _source(value):
    """Which of the numbered texts gives these random bytes: SHAKE128 of it, as long as they are."""
    texts = (f"randomness {number}" for number in range(1000))
    return next(text for text in texts if hashlib.shake_128(text.encode()).digest(len(value)) == value)


def _lineage(stored):
    made = rehash(stored).lineage
    named = {subject_key("lot", piece(serial)): ("lot", piece(serial)) for serial in ("C-1", "C-2")}
    named[subject_key("party", PLANT.id)] = ("party", PLANT.id)
    items = [
        {
            "kind": named[item.subject][0],
            "id": named[item.subject][1],
            "subject": item.subject.hex(),
            "item": item.packed().hex(),
            "salt": salt.hex(),
            "hash": one.hex(),
        }
        for item, salt, one in zip(made.items, made.salts, made.hashes, strict=True)
    ]
    return {
        "seed": stored.seed.hex(),
        "seed_from": _source(stored.seed),
        "items": items,
        "lineage_root": tree_root(made.hashes).hex(),
        "lineage_digest": made.digest.hex(),
    }


def file_bytes(shown):
    """The vector file of the example."""
    desc = "The worked example of SPEC 1: a ledger of four entries, and all that leads to the receipt of entry 3."
    return json.dumps({"desc": desc, "input": {}, "wantErr": False, "want": shown}, indent=1).encode("ascii") + b"\n"


def page(shown):
    """What stands between the two marks in SPEC.md."""
    parts = [_about(shown), _signed(shown), _items(shown), _entry(shown), _proof(shown)]
    return "\n\n".join(parts) + "\n"


def _fence(*lines, kind=""):
    return "\n".join([f"```{kind}", *lines, "```"])


def _section(*lines):
    return "\n".join(lines)


def _about(shown):
    rows = [f"| `{key['seed']}` | `{key['public']}` | `{key['kid']}` |" for key in shown["keys"]]
    return _section(
        f"Every byte is in `schemas/vectors/{NAME}`; what is shortened here with … is whole there. The",
        f"ledger is `{URI}`. Private keys are 32 bytes (RFC 8032), the SHA-256 of the seed's ASCII:",
        "",
        "| seed | public key, Ed25519 | thumbprint (`kid`) |",
        "|---|---|---|",
        *rows,
    )


def _signed(shown):
    disclosure, jws = shown["disclosure"], shown["signing_input"]
    claims = json.dumps(json.loads(shown["payload"]), indent=2)
    return _section(
        "**What was signed.** The header, byte for byte, and the payload, whose bytes have no white space:",
        "",
        _fence(shown["header"], kind="json"),
        "",
        _fence(claims, kind="json"),
        "",
        f"The signing input is base64url of both with a dot between, {len(jws)} bytes; the plant's key signs it:",
        "",
        _fence(
            f"signing input      {jws[:72]}…",
            f"                   …{jws[-72:]}",
            f"signature          {shown['signature'][:64]}",
            f"                   {shown['signature'][64:]}",
            f"statement digest   {shown['statement_digest']}    SHA-256(signing input . signature)",
        ),
        "",
        f"**The disclosure** is the customer's order. Its salt is SHAKE128 of `{disclosure['salt_from']}`, 16 bytes:",
        "",
        _fence(
            f"JSON               {disclosure['json']}",
            f"text               {disclosure['text']}",
            f"digest             {disclosure['digest']}",
        ),
        "",
        "The wire form is `<signing input>.<signature>~<text>~`; the digest stands in `al:attributes[0]._sd`.",
    )


def _items(shown):
    items = [line for number, item in enumerate(shown["items"]) for line in _item(number, item)]
    return _section(
        "**What it implies.** Two lots are created, and the issuer's party is referred to: three items, ascending by",
        f"subject key. The entry's seed is SHAKE128 of `{shown['seed_from']}`, 32 bytes.",
        "",
        _fence(
            f"seed               {shown['seed']}",
            *items,
            "",
            f"root               {shown['lineage_root']}    H(H(hash 0, hash 1), hash 2)",
            f"lineage digest     {shown['lineage_digest']}    SHA-256(02 00000003 root)",
        ),
    )


def _item(number, item):
    data = item["item"]
    roles = ("reference", "create", "touch", "consume")
    return [
        "",
        f"item {number}             {item['kind']} {item['id']}",
        f"  role             {data[:2]}    {roles[int(data[:2], 16)]}",
        f"  subject key      {data[2:66]}",
        f"  version          {data[66:82]}",
        f"  index            {data[82:98]}",
        f"  leaf             {data[98:]}",
        f"  salt             {item['salt']}",
        f"  item hash        {item['hash']}",
    ]


def _entry(shown):
    data = shown["entries"][3]
    when = parse_entry(bytes.fromhex(data)).recorded_at
    return _section(
        "**The entry**, 113 bytes:",
        "",
        _fence(
            f"version            {data[:2]}",
            f"index              {data[2:18]}",
            f"recorded_at        {data[18:34]}    {when} µs",
            f"previous           {data[34:98]}",
            f"statement          {data[98:162]}",
            f"lineage            {data[162:]}",
            "",
            f"leaf hash          {shown['leaves'][3]}    SHA-256(00 entry)",
        ),
    )


def _proof(shown):
    receipt = json.loads(shown["receipt"])
    path = [node.hex() for node in parse_tlog_proof(receipt["proof"]).path]
    return _section(
        "**The proof.** The path of leaf 3 of 4 is the leaf before it and the node above the first two:",
        "",
        _fence(
            *(f"leaf {index}             {leaf}" for index, leaf in enumerate(shown["leaves"])),
            f"path               {path[0]}",
            f"                   {path[1]}",
            f"root               {shown['root']}    H(path[1], H(path[0], leaf 3))",
        ),
        "",
        "The checkpoint, a signed note:",
        "",
        _fence(*shown["checkpoint"].rstrip("\n").split("\n")),
        "",
        "The trust file of a reader who asks for no witness:",
        "",
        _fence(*shown["trust"].rstrip("\n").split("\n")),
        "",
        f"**The receipt.** The file is one line of {len(shown['receipt'])} bytes without the white space shown here:",
        "",
        _fence(json.dumps(receipt, indent=1), kind="json"),
    )
