"""Named bodies of the transcripts: good statements, and statements with one thing wrong."""

import base64
import gzip
import json
from itertools import count

from served import batch
from small_ledger import actor, coil, signer

from ledger.kernel.encoding import b64url_encode

_numbers = count(1)


def _b64(value):
    return b64url_encode(value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode())


def _decoded(segment):
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


class Posted:
    """Bodies by name. `good` makes a new statement each time, `same` repeats the last one."""

    def __init__(self, world):
        self.world = world
        self.last = b""
        self.entry = ""  # the index that the last one was given, where somebody noted it
        self.last_batch = b""

    def body(self, name):
        return getattr(self, name.lower().replace(" ", "_"))()

    def new(self, who=None, **claims):
        serial = f"T-{next(_numbers)}"
        return self.world.statement(who or self.world.plant, "lot-event", coil(serial), **claims)

    def good(self):
        self.last = self.new(jti=f"urn:example:transcript:{next(_numbers)}")
        return self.last

    def same(self):
        return self.last

    def same_with_newline(self):
        return self.last + b"\n"

    def same_gzipped(self):
        return gzip.compress(self.last)

    def same_jti_other_words(self):
        jti = _decoded(self.last.split(b".")[1].decode())["jti"]
        return self.new(jti=jti)

    def same_piece(self):
        event = _decoded(self.last.split(b".")[1].decode())["lot-event"]
        return self.world.statement(self.world.plant, "lot-event", event)

    def good_batch(self):
        self.last_batch = batch(self.new(), self.new(), self.new())
        return self.last_batch

    def same_batch(self):
        return self.last_batch

    def batch_with_two_bad_rows(self):
        return batch(self.new(), self.flipped_signature(), self.new(), self.other_audience())

    def batch_bad_by_form_and_by_rule(self):
        self.good()
        return batch(self.no_json_payload(), self.new(), self.same_jti_other_words(), self.new(iat=4_000_000_000))

    def batch_of_one_bad(self):
        return batch(self.flipped_signature())

    def same_piece_twice(self):
        event = coil(f"T-{next(_numbers)}")
        return batch(*(self.world.statement(self.world.plant, "lot-event", event) for _ in range(2)))

    def empty_batch(self):
        return b'{"statements":[]}'

    def batch_of_10001(self):
        return json.dumps({"statements": ["x"] * 10_001}).encode()

    def batch_with_unknown_member(self):
        return b'{"statements":["x"],"check":true}'

    def batch_of_numbers(self):
        return b'{"statements":[1]}'

    def batch_with_duplicate_key(self):
        return b'{"statements":["x"],"st\\u0061tements":["y"]}'

    def batch_with_nan(self):
        return b'{"statements":[NaN]}'

    def batch_with_huge_integer(self):
        return b'{"statements":[' + b"9" * 5000 + b"]}"

    def batch_too_deep(self):
        return b"[" * 100_000 + b"]" * 100_000

    def batch_not_utf8(self):
        return b'{"statements":["\xff\xfe"]}'

    def batch_with_lone_surrogate(self):
        return b'{"statements":["\\ud800"]}'

    def batch_with_letters(self):
        return '{"statements":["é~"]}'.encode()

    def not_json(self):
        return b"hello"

    def nothing(self):
        return b""

    def gzip_bomb(self):
        return gzip.compress(bytes(1 << 20))

    def gzip_cut(self):
        return gzip.compress(self.new())[:-4]

    def gzip_with_more_after(self):
        return gzip.compress(self.new()) + b"more"

    def not_gzip(self):
        return b"hello"

    def body_of_1_mib_and_one(self):
        return b"x" * ((1 << 20) + 1)

    def batch_of_16_mib_and_one(self):
        return b"x" * ((16 << 20) + 1)

    def statement_of_256_kib_and_one(self):
        return b"x" * ((256 << 10) + 1)

    def flipped_signature(self):
        wire = self.new()
        flip = b"A" if wire[-10:-9] != b"A" else b"B"
        return wire[:-10] + flip + wire[-9:]

    def other_audience(self):
        return self.new(aud="https://other.example/ledger")

    def unknown_key(self):
        return self.new(self.world.plant.with_key("a key that nobody enrolled"))

    def unknown_party(self):
        stranger = actor("stranger", 99)
        return self.new(stranger.with_key("plant"))

    def key_of_another_party(self):
        return self.new(self.world.rolling.with_key("plant"))

    def role_not_given(self):
        body = {"id": f"{self.world.rolling.id}/p-1", "status": "in-force"}
        return self.world.statement(self.world.rolling, "heads", {"note": str(body["status"])})

    def prefix_of_another(self):
        event = coil("T-1")
        event["epcList"] = ["https://id.gs1.org/01/04012345000009/21/" + f"X{next(_numbers)}"]
        return self.world.statement(self.world.plant, "lot-event", event)

    def from_tomorrow(self):
        return self.new(iat=4_000_000_000)

    def unknown_lot_declared_wrong(self):
        event = coil("T-1", eventID="urn:example:never", errorDeclaration={"declarationTime": "2026-01-05T04:00:00Z"})
        return self.world.statement(self.world.plant, "lot-event", event)

    def body_against_schema(self):
        return self.world.statement(self.world.plant, "lot-event", coil("T-1", action="EAT"))

    def unknown_typ(self):
        return self._forged(lambda header, _: header.update(typ="poem+sd-jwt"))

    def extra_header_member(self):
        return self._forged(lambda header, _: header.update(crit=["b64"]))

    def extra_payload_member(self):
        return self._forged(lambda _, payload: payload.update(exp=1))

    def alg_none(self):
        return self._forged(lambda header, _: header.update(alg="none"))

    def no_json_payload(self):
        return self._with_payload(b"hello")

    def duplicate_key_in_payload(self):
        return self._with_payload(b'{"iss":"a","is\\u0073":"b"}')

    def nan_in_payload(self):
        return self._with_payload(b'{"iat":NaN}')

    def exponent_in_payload(self):
        return self._with_payload(b'{"iat":1e3}')

    def huge_integer_in_payload(self):
        return self._with_payload(b'{"iat":9007199254740992}')

    def deep_payload(self):
        return self._with_payload(b"[" * 5_000 + b"]" * 5_000)

    def long_string_in_payload(self):
        return self._with_payload(b'{"iss":"' + b"x" * 4097 + b'"}')

    def payload_not_utf8(self):
        return self._with_payload(b'{"iss":"\xff"}')

    def padded_base64(self):
        header, payload, rest = self.new().split(b".")
        return b".".join([header, payload + b"=", rest])

    def no_tilde(self):
        return self.new().rstrip(b"~")

    def key_binding(self):
        return self.new() + b"eyJ.eyJ.x"

    def disclosure_of_nothing(self):
        return self.new() + _b64(["c2FsdHNhbHRzYWx0c2FsdA", "name", "value"]).encode() + b"~"

    def digest_not_opened(self):
        return self._forged(lambda _, payload: payload["lot-event"].update(_sd=[_b64(bytes(32))]))

    def disclosures_101(self):
        return self.new() + b"e30~" * 101

    def party_statement_by_the_plant(self):
        return self.world.statement(self.world.plant, "party", self.world.plant.profile("lot-event"))

    def proofs_of_three(self):
        return b'{"size":3,"indices":[2,0,2]}'

    def proofs_of_a_size_to_come(self):
        return b'{"size":999999999,"indices":[0]}'

    def proofs_beyond_size(self):
        return b'{"size":3,"indices":[0,3]}'

    def proofs_of_text(self):
        return b'{"size":3,"indices":["0"]}'

    def proofs_1000001(self):
        return b'{"size":3,"indices":[' + b"0," * 1_000_000 + b"0]}"

    def _forged(self, change):
        """A statement with header or payload changed, signed by the plant's own key all the same."""
        head, body, _ = self.new().decode().split(".")
        header, payload = _decoded(head), _decoded(body)
        change(header, payload)
        return self._signed(_b64(header), _b64(payload))

    def _with_payload(self, payload):
        return self._signed(self.new().decode().split(".")[0], _b64(payload))

    def _signed(self, head, body):
        signature = signer("plant").sign(f"{head}.{body}".encode())
        return f"{head}.{body}.{_b64(signature)}~".encode()
