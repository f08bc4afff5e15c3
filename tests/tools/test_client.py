import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from small_park import PLANT, URI, make_park, slab

from ledger.kernel.errors import Busy, Conflict, Refused, RefusedBatch, Unsettled, Unverified
from ledger.kernel.keys import Signer, generate, load_signer
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.statement import issue, parse
from tools.client import Identity, Outbox, Poster, check_receipt
from tools.courier import BATCH_STATEMENTS, Courier, batches
from tools.party import prove

PROBLEM = "urn:coilmark:problem:"


@pytest.fixture(scope="module")
def park(tmp_path_factory):
    return make_park(tmp_path_factory.mktemp("park") / "ledger")


@pytest.fixture
def outbox(tmp_path):
    return Outbox(tmp_path / "outbox")


class Directly:
    """A courier that walks into the ledger itself; `before` and `after` are called around each post."""

    def __init__(self, park, before=lambda _wires: None, after=lambda receipts: receipts):
        self.park, self.before, self.after = park, before, after
        self.posted = []

    def post(self, wires):
        self.posted.append(list(wires))
        self.before(wires)
        return self.after(self.park.record(*wires))


def numbers():
    """Slabs that no other test has made."""
    numbers.last = getattr(numbers, "last", 0) + 1
    return numbers.last


def test_a_statement_is_on_disk_before_it_is_sent_and_leaves_after_its_receipt_is(park, outbox):
    def look(wires):
        assert [path.read_bytes() for path in outbox.waiting()] == wires

    poster = Poster(park.identity, outbox, Directly(park, before=look), park.trust)
    path = poster.put("lot-event", slab(numbers()), jti="urn:mes:1")
    assert parse(path.read_bytes()).jti == "urn:mes:1"
    outcome = poster.post()
    assert outcome.refused == ()
    (kept,) = outcome.receipts
    assert parse(parse_receipt(kept.read_bytes()).statement).jti == "urn:mes:1"
    assert outbox.waiting() == []


def test_an_answer_that_is_lost_costs_nothing_the_same_bytes_are_posted_again(park, outbox):
    def lose(_receipts):
        raise Unsettled("unreachable", "the line went dead")

    lossy = Directly(park, after=lose)
    poster = Poster(park.identity, outbox, lossy, park.trust)
    poster.put("lot-event", slab(numbers()))
    with pytest.raises(Unsettled, match="the line went dead"):
        poster.post()
    (waiting,) = outbox.waiting()
    sent = lossy.posted[0]

    again = Directly(park)
    outcome = Poster(park.identity, Outbox(outbox.waiting_folder.parent), again, park.trust).post()
    assert again.posted == [sent]
    recorded = parse_receipt(outcome.receipts[0].read_bytes())
    assert recorded.statement == sent[0]
    assert not waiting.exists()


def test_a_receipt_that_does_not_hold_is_not_kept_and_nothing_is_forgotten(park, outbox):
    def forge(receipts):
        return [receipts[0].replace(b'"entry":"AQ', b'"entry":"AR', 1)]

    poster = Poster(park.identity, outbox, Directly(park, after=forge), park.trust)
    poster.put("lot-event", slab(numbers()), jti="urn:mes:forged")
    with pytest.raises(Unverified, match="the receipt of urn:mes:forged does not hold"):
        poster.post()
    assert len(outbox.waiting()) == 1
    assert list(outbox.receipts_folder.iterdir()) == []


def test_a_receipt_of_another_statement_is_no_receipt(park):
    wires = [
        issue(typ="lot-event", iss=PLANT, jti=f"urn:mes:x{n}", aud=URI, iat=1, body=slab(numbers()), signer=park.plant)
        for n in range(2)
    ]
    receipts = park.record(*wires)
    for wire, receipt in zip(wires, receipts, strict=True):
        check_receipt(receipt, wire, park.trust)
    with pytest.raises(Unverified, match="the receipt of urn:mes:x1 does not hold") as caught:
        check_receipt(receipts[0], wires[1], park.trust)
    assert caught.value.step == 5


def test_a_receipt_under_a_log_key_that_is_not_trusted_is_no_receipt(park, tmp_path):
    stranger = make_park(tmp_path / "stranger")
    wire = issue(typ="lot-event", iss=PLANT, jti="urn:mes:s", aud=URI, iat=1, body=slab(1), signer=stranger.plant)
    (receipt,) = stranger.record(wire)
    check_receipt(receipt, wire, stranger.trust)
    with pytest.raises(Unverified, match="does not hold"):
        check_receipt(receipt, wire, park.trust)


def test_refused_rows_are_set_aside_with_the_reason_and_the_others_recorded(park, outbox):
    courier = Directly(park)
    poster = Poster(park.identity, outbox, courier, park.trust)
    again = slab(numbers())
    good = [poster.put("lot-event", again), poster.put("lot-event", slab(numbers()))]
    bad = poster.put("lot-event", again)
    late = poster.put("lot-event", slab(numbers()))
    outcome = poster.post()
    assert [path.stem for path in outcome.receipts] == [path.stem for path in (*good, late)]
    ((aside, why),) = outcome.refused
    assert (aside.name, why.code) == (bad.name, "subject_exists")
    said = json.loads((outbox.refused_folder / f"{bad.stem}.problem.json").read_text())
    assert said["code"] == "subject_exists"
    assert "exists already" in said["detail"]
    assert outbox.waiting() == []
    assert [len(wires) for wires in courier.posted] == [4, 3]


def test_order_is_kept_across_restarts_and_numbers_are_never_used_again(park, outbox):
    poster = Poster(park.identity, outbox, Directly(park), park.trust)
    first = poster.put("lot-event", slab(numbers()))
    poster.post()
    names = [poster.put("lot-event", slab(numbers())).name for _ in range(3)]
    fresh = Outbox(outbox.waiting_folder.parent)
    assert [path.name for path in fresh.waiting()] == names == sorted(names)
    assert first.name < names[0]


def test_what_was_put_before_under_its_id_is_not_signed_again(park, outbox):
    courier = Directly(park)
    poster = Poster(park.identity, outbox, courier, park.trust)
    body = slab(numbers())
    first = poster.put("lot-event", body, jti="urn:mes:once", clock=lambda: 1)
    assert poster.put("lot-event", body, jti="urn:mes:once", clock=lambda: 2) == first
    with pytest.raises(Conflict, match="urn:mes:once was used for another statement"):
        poster.put("lot-event", slab(numbers()), jti="urn:mes:once")
    (kept,) = poster.post().receipts
    fresh = Poster(park.identity, Outbox(outbox.waiting_folder.parent), courier, park.trust)
    assert fresh.put("lot-event", body, jti="urn:mes:once", clock=lambda: 3) == kept
    assert fresh.post().receipts == ()
    with pytest.raises(Conflict, match="was used for another statement"):
        fresh.put("lot-event", slab(numbers()), jti="urn:mes:once")


def test_what_was_refused_may_be_put_again_when_the_reason_has_gone(park, outbox):
    def refuse(_wires):
        raise Refused("role", "no role")

    poster = Poster(park.identity, outbox, Directly(park, before=refuse), park.trust)
    body = slab(numbers())
    poster.put("lot-event", body, jti="urn:mes:again")
    assert [why.code for _, why in poster.post().refused] == ["role"]
    for box in (outbox, Outbox(outbox.waiting_folder.parent)):
        assert box.held(PLANT, "urn:mes:again") is None
    later = Poster(park.identity, outbox, Directly(park), park.trust)
    later.put("lot-event", body, jti="urn:mes:again")
    assert len(later.post().receipts) == 1


def test_a_half_written_file_is_no_statement(outbox):
    (outbox.waiting_folder / "000000000007-ab.sd-jwt.draft").write_bytes(b"eyJ")
    fresh = Outbox(outbox.waiting_folder.parent)
    assert fresh.waiting() == []


def test_any_callable_may_sign_so_that_a_key_can_stay_in_its_module(park, outbox):
    asked = []

    def module(message):
        asked.append(message)
        return park.plant.sign(message)

    identity = Identity(PLANT, URI, Signer(park.plant.key, module))
    poster = Poster(identity, outbox, Directly(park), park.trust)
    path = poster.put("lot-event", slab(numbers()))
    assert asked == [parse(path.read_bytes()).signing_input]
    poster.post()
    assert len(asked) == 1


def test_batches_keep_the_order_and_stay_within_both_bounds():
    waiting = [b"x" * 3_000_000] * 3 + [b"y"] * (BATCH_STATEMENTS + 1)
    groups = list(batches(waiting, len))
    assert [one for group in groups for one in group] == waiting
    assert [len(group) for group in groups] == [2, BATCH_STATEMENTS, 2]


@contextmanager
def server(*answers):
    """A server that gives these answers, one a request: (status, headers, body); it keeps what it was asked."""
    asked = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Content-Type"], body))
            status, headers, answer = left.pop(0)
            if status == 0:  # hang up without a word
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args):
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False  # a test that fails leaves its connection open

    httpd = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", asked
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def problem(code, detail, **more):
    return json.dumps({"type": PROBLEM + code, "code": code, "detail": detail, **more}).encode()


def post(url, wires, pauses=(1.0, 2.0, 4.0)):
    slept = []
    courier = Courier(url, pauses, slept.append)
    try:
        return courier.post(wires), slept
    finally:
        courier.close()


def test_one_statement_travels_as_it_is_and_many_as_json():
    many = json.dumps({"receipts": [{"a": 1}, {"b": "é"}]}).encode()
    with server((201, {}, b'{"type":"r"}'), (200, {}, many)) as (url, asked):
        assert post(url, [b"one~"])[0] == [b'{"type":"r"}']
        assert post(url + "/base/", [b"one~", b"two~"])[0] == [b'{"a":1}', b'{"b":"\\u00e9"}']
    assert asked == [
        ("/v1/statements", "application/sd-jwt", b"one~"),
        ("/base/v1/statements", "application/json", b'{"statements": ["one~", "two~"]}'),
    ]


def test_the_same_bytes_again_with_growing_pauses_until_it_is_settled():
    busy = (429, {"Retry-After": "3"}, problem("too_busy", "wait"))
    unknown = (503, {}, problem("commit_unknown", "who knows"))
    with server((0, {}, b""), busy, unknown, (201, {}, b"{}")) as (url, asked):
        receipts, slept = post(url, [b"one~"])
    assert receipts == [b"{}"]
    assert slept == [1.0, 3, 4.0]
    assert [body for _, _, body in asked] == [b"one~"] * 4


def test_after_the_last_pause_it_is_said_that_nothing_is_known():
    with server(*[(503, {}, b"<html>proxy</html>")] * 2) as (url, asked), pytest.raises(Unsettled, match="503"):
        post(url, [b"one~"], pauses=(1.0,))
    assert len(asked) == 2
    with pytest.raises(Unsettled, match=r"does not answer .*post the same statements again"):
        post(url, [b"one~"], pauses=(1.0,))
    with (
        server((429, {"Retry-After": "7"}, problem("too_busy", "20000 wait"))) as (url, _),
        pytest.raises(Busy, match="20000 wait") as caught,
    ):
        post(url, [b"one~"], pauses=())
    assert caught.value.retry_after == 7


def test_a_refusal_is_final_and_says_why():
    with (
        server((409, {}, problem("id_reused", "jti x was used for entry 7"))) as (url, asked),
        pytest.raises(Refused, match="jti x was used for entry 7") as caught,
    ):
        post(url, [b"one~"])
    assert (caught.value.code, len(asked)) == ("id_reused", 1)
    rows = [{"row": 1, "code": "role", "detail": "no role"}]
    with (
        server((422, {}, problem("batch_refused", "1 row is refused", rows=rows))) as (url, _),
        pytest.raises(RefusedBatch) as caught,
    ):
        post(url, [b"one~", b"two~"])
    assert [(row, why.code, why.sentence) for row, why in caught.value.rows] == [(1, "role", "no role")]


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, b"<html>not found</html>"),
        (404, {}, problem("no_such_path", "there is nothing at /v1/statements")),
        (403, {}, b"the proxy forbids it"),
        (415, {}, problem("content_type", "no")),
    ],
)
def test_an_answer_that_is_not_about_the_statement_never_sets_it_aside(park, outbox, answer):
    with server(answer) as (url, _):
        courier = Courier(url, (), lambda _: None)
        poster = Poster(park.identity, outbox, courier, park.trust)
        poster.put("lot-event", slab(numbers()))
        with pytest.raises(Unsettled, match="is it a ledger's"):
            poster.post()
        courier.close()
    assert len(outbox.waiting()) == 1


def test_es256_signed_again_gets_the_receipt_of_the_first_signature(tmp_path):
    park = make_park(tmp_path / "ledger")
    signer = load_signer(generate("ES256"))
    park.record(
        issue(typ="key", iss=PLANT, jti="urn:k", aud=URI, iat=1, signer=park.plant,
              body={"party": PLANT, "add": [prove(signer, URI, PLANT)]})
    )  # fmt: skip
    body = slab(numbers())
    first, second = (
        issue(typ="lot-event", iss=PLANT, jti="urn:e", aud=URI, iat=1, body=body, signer=signer) for _ in range(2)
    )
    assert first != second
    (receipt,) = park.record(first)
    (again,) = park.record(second)
    assert parse_receipt(receipt).statement == parse_receipt(again).statement == first
    check_receipt(again, second, park.trust, signer.key)
    with pytest.raises(Unverified, match="the receipt of urn:e does not hold"):
        check_receipt(again, second, park.trust)  # whose signature the other one is, only the key can tell
