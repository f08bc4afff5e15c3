"""Two servers of one PostgreSQL under load, as on two machines or on one, of which one is killed again and again."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ledger.recording.opening import Layout
from tools.bench.ledger import beside, create
from tools.torture.clients import Crowd
from tools.torture.history import OK, History
from tools.torture.kill import CLIENTS, TERM_EVERY, Killed, counted, share
from tools.torture.server import Victim
from tools.worker import UNIX

_SERVERS = 2
_SHORTEST, _LONGEST = 0.1, 2.5  # seconds from two that are ready to the next kill: takeovers end in it, or do not


def kill_servers(places: Layout, cycles: int, seed: int, owner: str, sockets: Path | None = None) -> Killed:
    """Clients post to either and read either's heads. Deterministic in what it chooses, not in what happens.

    With a folder for `sockets` the two are as workers of one machine, which hand each other what they have checked.
    """
    choose = random.Random(seed)  # noqa: S311  no secret hangs on it
    pem = create(places, owner)
    victims = [_victim(beside(places, f"server-{number}"), sockets) for number in range(_SERVERS)]
    crowd = Crowd([victim.port for victim in victims])
    starts, stops, strikes = [0.0], [0.0], dict[str, int]()
    beheaded: list[int] = []
    with _served(victims, crowd):
        starts += [victim.up() for victim in victims]
        crowd.begin([share(pem, client) for client in range(CLIENTS)])
        for cycle in range(cycles):
            time.sleep(choose.uniform(_SHORTEST, _LONGEST))
            victim = choose.choice(victims)
            writes = _writes(victim)
            hit = "the one that writes" if writes else "the other"
            if cycle % TERM_EVERY == TERM_EVERY - 1:
                stops.append(victim.end())
                hit = "SIGTERM"
            else:
                victim.kill()
                beheaded += [time.monotonic_ns()] if writes else []
            strikes[hit] = strikes.get(hit, 0) + 1
            starts.append(victim.up())
        crowd.end()
    counts = counted(places, crowd, strikes, (max(starts), max(stops)))
    return replace(counts, slowest_takeover=max(_takeovers(crowd.history, beheaded), default=0.0))


def _takeovers(history: History, beheaded: list[int]) -> Iterator[float]:
    """Seconds from each kill of the one that wrote to the first acknowledgement of what was first sent after it."""
    done = sorted((one.invoked, one.settled) for one in history.attempts if one.outcome == OK)
    for killed in beheaded:
        waited = [settled - killed for invoked, settled in done if invoked > killed]
        yield from (round(least / 1e9, 3) for least in sorted(waited)[:1])  # none where nothing was sent after the last


def _victim(places: Layout, sockets: Path | None) -> Victim:
    """A server whose address the others can find."""
    victim = Victim(places)
    here = f"{UNIX}{sockets / str(victim.port)}" if sockets is not None else f"http://127.0.0.1:{victim.port}"
    victim.settings["COILMARK_ADVERTISE"] = here
    return victim


def _writes(victim: Victim) -> bool:
    says: dict[str, object] = json.loads(victim.ask("/readyz")[1])
    return says["sequencer"] is True


@contextmanager
def _served(victims: list[Victim], crowd: Crowd) -> Iterator[None]:
    """Whatever happens in it, in the end nobody posts and nobody serves."""
    try:
        yield
    finally:
        crowd.abandon()  # where all went well there is nothing left to settle
        for victim in victims:
            if victim.alive:
                victim.end()
