"""What a plant runs: sign, keep the signed bytes, post, try again, check the receipt; nothing is booked twice.

    poster = Poster(Identity(party, ledger_uri, signer), Outbox(folder), Courier("https://ledger.example"), trust)
    poster.put("lot-event", event)   # signed and on disk when it returns
    outcome = poster.post()          # posts all that waits, in order; call it again after an outage

`signer` is a `ledger.kernel.keys.Signer`: a public key and a callable that signs bytes, so that an HSM fits.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.kernel.errors import Conflict, Refused, RefusedBatch, Unverified
from ledger.kernel.keys import PublicKey, Signer, verify_signature
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.statement import Statement, issue, parse
from ledger.kernel.trust import Trust, parse_trust
from ledger.kernel.verify import verify_receipt
from tools.courier import Courier, batches
from tools.sign import fresh_id, now


@dataclass(frozen=True)
class Identity:
    """Who signs, for which ledger, with what."""

    party: str
    ledger: str
    signer: Signer


@dataclass(frozen=True)
class Outcome:
    """What one `post` settled: files of receipts, checked, and files of statements the ledger refused, with why."""

    receipts: tuple[Path, ...] = ()
    refused: tuple[tuple[Path, Refused], ...] = ()


class Outbox:
    """A folder with `waiting/`, `receipts/` and `refused/`. One process at a time uses it.

    A statement is on disk before it is first sent, and leaves `waiting/` only after its receipt, or the reason why it
    was refused, is on disk as well. Whatever a crash leaves behind, posting again settles it: the ids are the same.
    """

    def __init__(self, folder: Path) -> None:
        self.waiting_folder = folder / "waiting"
        self.receipts_folder = folder / "receipts"
        self.refused_folder = folder / "refused"
        folders = (self.waiting_folder, self.receipts_folder, self.refused_folder)
        for each in folders:
            each.mkdir(parents=True, exist_ok=True)
        found = [path for each in folders for path in each.iterdir() if path.suffix in {".sd-jwt", ".json"}]
        self._last = max((int(path.name[:12]) for path in found), default=0)
        # What was refused may be put again under its id: it was never recorded.
        self._held = {path.stem[13:]: path for path in found if path.parent != self.refused_folder}

    def held(self, party: str, jti: str) -> tuple[Path, bytes] | None:
        """The statement that was put under this id before and was not refused: its file, and its wire form."""
        path = self._held.get(_name(party, jti))
        if path is None:
            return None
        data = path.read_bytes()
        return path, (data if path.suffix == ".sd-jwt" else parse_receipt(data).statement or b"")

    def put(self, wire: bytes) -> Path:
        """Keep a signed statement, durable once it returns; in the order in which it was put."""
        statement = parse(wire)
        name = _name(statement.iss, statement.jti)
        self._last += 1
        path = self.waiting_folder / f"{self._last:012d}-{name}.sd-jwt"
        write_durably(path, wire)
        self._held[name] = path
        return path

    def waiting(self) -> list[Path]:
        """What was not settled yet, oldest first."""
        return sorted(self.waiting_folder.glob("*.sd-jwt"))

    def settle(self, path: Path, receipt: bytes) -> Path:
        """Keep the receipt, then forget the statement (the receipt holds it)."""
        kept = self.receipts_folder / f"{path.stem}.json"
        write_durably(kept, receipt)
        # Crash here: the statement is posted once more and answered with the same entry.
        path.unlink()
        self._held[path.stem[13:]] = kept
        return kept

    def set_aside(self, path: Path, refusal: Refused) -> Path:
        """Keep a refused statement, and why, where a person will look for it."""
        kept = self.refused_folder / path.name
        why = json.dumps({"code": refusal.code, "detail": refusal.sentence})
        write_durably(kept.with_suffix(".problem.json"), why.encode())
        write_durably(kept, path.read_bytes())
        # Crash here: the statement is posted once more and refused again, or recorded if the reason has gone.
        path.unlink()
        del self._held[path.stem[13:]]
        return kept


def _name(party: str, jti: str) -> str:
    return hashlib.sha256(f"{party}\n{jti}".encode()).hexdigest()[:32]


def write_durably(path: Path, data: bytes) -> None:
    """The whole file under its name, or no file under it, whenever the power fails."""
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Poster:
    """Signs as one party and sees its statements into one ledger."""

    def __init__(self, identity: Identity, outbox: Outbox, courier: Courier, trust: Trust) -> None:
        self._identity = identity
        self._outbox = outbox
        self._courier = courier
        self._trust = trust

    def put(self, typ: str, body: Mapping[str, Any], *, jti: str | None = None, clock: Callable[[], int] = now) -> Path:
        """Sign a body and keep the signed bytes, durable before anything is sent. `jti` is your own id of it, a URI.

        A retry sends these very bytes: signing again would make another signature, and perhaps another time. So a
        body that was put before under the same `jti` is not signed again, and its file is given back; another body
        under the same `jti` raises Conflict.
        """
        before = self._outbox.held(self._identity.party, jti) if jti else None
        if before is None:
            return self._outbox.put(self._signed(typ, body, jti or fresh_id(), clock()))
        path, wire = before
        known = parse(wire)
        again = parse(self._signed(typ, body, known.jti, known.iat))
        if (again.typ, again.body) != (known.typ, known.body):
            raise Conflict("id_reused", f"{jti} was used for another statement: {path}")
        return path

    def _signed(self, typ: str, body: Mapping[str, Any], jti: str, iat: int) -> bytes:
        who = self._identity
        return issue(typ=typ, iss=who.party, jti=jti, aud=who.ledger, iat=iat, body=body, signer=who.signer)

    def post(self) -> Outcome:
        """Post all that waits, in order, and settle each statement.

        Raises Unsettled or Busy where the server cannot be reached or does not settle it in time: everything stays in
        the outbox, call again. Raises Unverified where a receipt does not hold: stop, keep the outbox, and ask why.
        """
        receipts: list[Path] = []
        refused: list[tuple[Path, Refused]] = []
        for group in batches(self._outbox.waiting(), lambda path: path.stat().st_size):
            outcome = self._post_group(group)
            receipts += outcome.receipts
            refused += outcome.refused
        return Outcome(tuple(receipts), tuple(refused))

    def _post_group(self, group: Sequence[Path]) -> Outcome:
        """One batch; the rows that are refused are set aside, and the others posted without them."""
        refused: list[tuple[Path, Refused]] = []
        remaining = list(group)
        while remaining:
            wires = [path.read_bytes() for path in remaining]
            try:
                answers = self._courier.post(wires)
            except RefusedBatch as batch:
                bad = dict(batch.rows)
            except Refused as refusal:
                if len(remaining) > 1:
                    raise
                bad = {0: refusal}
            else:
                for wire, answer in zip(wires, answers, strict=True):
                    check_receipt(answer, wire, self._trust, self._identity.signer.key)
                settled = [self._outbox.settle(path, answer) for path, answer in zip(remaining, answers, strict=True)]
                return Outcome(tuple(settled), tuple(refused))
            refused += [(self._outbox.set_aside(remaining[row], why), why) for row, why in sorted(bad.items())]
            remaining = [path for row, path in enumerate(remaining) if row not in bad]
        return Outcome((), tuple(refused))


def check_receipt(receipt: bytes, wire: bytes, trust: Trust, key: PublicKey | None = None) -> None:
    """The receipt is for this very statement, and proves its entry under a log key of the trust file.

    SPEC 4.1: a statement recorded before may carry another ES256 signature over the same signing input. It is taken
    where `key` is the one that made both. Raises Unverified with the number of the step of SPEC 7 that failed.
    """
    own = parse(wire)
    recorded = parse_receipt(receipt).statement
    same = recorded is not None and _says_the_same(parse(recorded), own, key)
    report = verify_receipt(receipt, trust, statement=None if same else wire)
    if report.failed is not None:
        raise Unverified(
            "receipt", f"the receipt of {own.jti} does not hold: {report.failed.sentence}", step=report.failed.number
        )


def _says_the_same(recorded: Statement, own: Statement, key: PublicKey | None) -> bool:
    if recorded.jwt == own.jwt:
        return True
    signed = key is not None and verify_signature(key, recorded.alg, recorded.signing_input, recorded.signature)
    return signed and recorded.signing_input == own.signing_input


def read_trust(file: Path) -> Trust:
    """The trust file that the operator gave you. Raises Malformed."""
    return parse_trust(file.read_bytes())
