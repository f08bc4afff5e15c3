"""What is charged flows with the metal: places mix, nodes share out, nothing is lost on the way (SPEC 12.4)."""

from collections.abc import Mapping

from msgspec import Struct

from ledger.carbon.network import GIVE, NOWHERE, TAKE, WORK, Network, Node, Operation, Out
from ledger.carbon.vectors import Key, Keys, Vector, add, share_out, take, total
from ledger.carbon.windows import averaged
from ledger.kernel.gs1 import names_one_thing
from ledger.lots.records import Place

_FROM_OUTSIDE = frozenset({"outside", "opening", "late"})  # whose history this ledger has not
_STAYS = frozenset({"unaccounted", "correction"})  # P4: what is lost leaves without its burden
Balances = Mapping[tuple[str, int], Mapping[str, tuple[int, int]]]  # (process, start): material -> opening, closing g


class Flowed(Struct, frozen=True):
    """What every piece carries, as it was made and worked on; and where everything is that was charged.

    `places` what lots carry where they are, `within` what processes hold, `lost` what went with what was destroyed,
    scrapped or came to nothing. `used` are pieces that a later step used up. `circular`: nodes that had to be cut.
    """

    pieces: Mapping[str, Vector]
    weights: Mapping[str, int]
    used: frozenset[str]
    places: Mapping[Place, Vector]
    within: Mapping[str, Vector]
    lost: Mapping[str, Vector]
    circular: tuple[int, ...]


def flow(
    network: Network,
    charged: Mapping[int, Vector],
    keys: Keys,
    *,
    material: Mapping[str, str],
    balances: Balances,
) -> Flowed:
    """Run the network. `charged` by entry; `material` of lots; `balances`: stocks of closed spans (4.9.14)."""
    run = _Run(network, charged, keys, material, balances)
    run.all()
    return run.flowed()


class _Run:
    def __init__(
        self,
        network: Network,
        charged: Mapping[int, Vector],
        keys: Keys,
        material: Mapping[str, str],
        balances: Balances,
    ) -> None:
        self.network, self.charged, self.keys = network, charged, keys
        self.material, self.balances = material, balances
        self.here: dict[Place, tuple[int, Vector]] = {}
        self.next: dict[Place, int] = dict.fromkeys(network.places, 0)
        self.waits = [one.waits for one in network.nodes]
        self.done = [False] * len(network.nodes)
        self.took: list[list[tuple[str, int, Vector]]] = [[] for _ in network.nodes]  # material, g, what came with it
        self.given: dict[int, Vector] = {}  # by operation
        self.blocked: dict[int, list[Place]] = {}  # by node
        self.pieces: dict[str, Vector] = {}
        self.weights: dict[str, int] = {}
        self.used: set[str] = set()
        self.within: dict[str, Vector] = {}
        self.lost: dict[str, Vector] = {}
        self.circular: list[int] = []
        self.ready: list[Place] = [*network.places]
        self.whole = [node for node, waits in enumerate(self.waits) if not waits]

    def all(self) -> None:
        self._go_on()
        for node in range(len(self.network.nodes)):  # what waits for itself: with what has come by now
            if not self.done[node]:
                self.circular.append(node)
                self.whole.append(node)
                self._go_on()

    def _go_on(self) -> None:
        while self.ready or self.whole:
            if self.whole:
                self._complete(self.whole.pop())
            else:
                self._advance(self.ready.pop())

    def _advance(self, place: Place) -> None:
        """Everything that can happen at a place, up to what waits for a node."""
        order = self.network.places[place]
        while self.next[place] < len(order):
            number = order[self.next[place]]
            one = self.network.operations[number]
            if one.what != TAKE and one.node != NOWHERE and not self.done[one.node]:
                self.blocked.setdefault(one.node, []).append(place)
                return
            self.next[place] += 1
            if one.what == TAKE:
                self._take(place, number, one)
            else:
                self._give(place, number, one)

    def _take(self, place: Place, number: int, one: Operation) -> None:
        g, vector = self.here.get(place, (0, {}))
        found: Vector = {} if one.kind in _STAYS else take(vector, one.g, g)
        self.here[place] = (g - one.g, vector)
        if one.scrap and found:
            add(self.lost.setdefault("scrapped", {}), found)
            found = {}
        elif one.kind and found:
            add(self.lost.setdefault(one.kind, {}), found)
            found = {}
        if one.node == NOWHERE or self.done[one.node]:
            add(self.lost.setdefault("circular", {}), found)
            return
        if number in self.network.materials:
            self.used.add(place[0])
        self.took[one.node].append((self.material.get(place[0], place[0]), one.g, found))
        self._came(one.node)

    def _came(self, node: int) -> None:
        self.waits[node] -= 1
        if not self.waits[node]:
            self.whole.append(node)

    def _give(self, place: Place, number: int, one: Operation) -> None:
        g, vector = self.here.get(place, (0, {}))
        more = self.given.pop(number, {})
        if one.what == GIVE and one.kind in _FROM_OUTSIDE and one.node == NOWHERE:
            more = {self.keys.number(Key("", "gap", one.kind)): one.g}
        add(vector, more)
        self.here[place] = (g + one.g if one.what == GIVE else g, vector)
        if not names_one_thing(place[0]):
            return
        if one.what == WORK or one.node == NOWHERE or self.network.nodes[one.node].entries:
            add(self.pieces.setdefault(place[0], {}), more)
            if one.what == GIVE and one.kind != "correction":
                self.weights[place[0]] = one.g

    def _complete(self, node: int) -> None:
        """Share out what it took and what it is charged with."""
        if self.done[node]:
            return
        self.done[node] = True
        one = self.network.nodes[node]
        came = total(vector for _, _, vector in self.took[node])
        if one.span is not None:
            came = averaged(self._consumed(node, one), self.keys)
        self._charge(one, came)
        weights = [out.g for out in one.outs]
        if any(weights):
            self._hand_out(one.outs, share_out(came, weights))
        elif came:
            self._keep(node, one, came)
        self.took[node] = []
        if one.span is not None and node in self.network.after:
            self._came(self.network.after[node])
        self.ready += self.blocked.pop(node, ())

    def _charge(self, one: Node, came: Vector) -> None:
        """What steps are charged with goes into what each of them gives; where it gives nothing, into all."""
        by_entry: dict[int, list[int]] = {}
        for place, out in enumerate(one.outs):
            by_entry.setdefault(out.entry, []).append(place)
        for entry in one.entries:
            amounts = self.charged.get(entry)
            if not amounts:
                continue
            if entry not in by_entry or len(by_entry[entry]) == len(one.outs):
                add(came, amounts)
            else:
                outs = [one.outs[place] for place in by_entry[entry]]
                self._hand_out(outs, share_out(amounts, [out.g for out in outs]))

    def _hand_out(self, outs: list[Out], shares: list[Vector]) -> None:
        for out, vector in zip(outs, shares, strict=True):
            if out.node != NOWHERE and self.done[out.node]:
                add(self.lost.setdefault("circular", {}), vector)
            elif out.node != NOWHERE:
                self.took[out.node].append(("", out.g, vector))
                self._came(out.node)
            else:
                add(self.given.setdefault(out.operation, {}), vector)

    def _keep(self, node: int, one: Node, came: Vector) -> None:
        """Nothing came out that could carry it: it stays in the process, or is lost with what came to nothing."""
        if one.span is None:
            add(self.lost.setdefault("nothing made", {}), came)
        else:
            self._stay(node, one.process, "", came)

    def _consumed(self, node: int, one: Node) -> Vector:
        """What of the materials was used up, by weighted average; the closing stock goes on to the next span."""
        stocks = self.balances.get((one.process, one.span.start), {}) if one.span is not None else {}
        pools: dict[str, Vector] = {}
        came: dict[str, int] = {}
        for name, g, vector in self.took[node]:
            came[name] = came.get(name, 0) + g
            add(pools.setdefault(name, {}), vector)
        for name, vector in pools.items():
            opening, closing = stocks.get(name, (0, 0))
            whole = opening + came[name]
            if closing and whole:
                self._stay(node, one.process, name, take(vector, min(closing, whole), whole))
        return total(pools.values())

    def _stay(self, node: int, process: str, material: str, vector: Vector) -> None:
        """It is still in the process when its span ends: the next one has it."""
        later = self.network.after.get(node)
        if later is not None and not self.done[later]:
            self.took[later].append((material, 0, vector))
        else:
            add(self.within.setdefault(process, {}), vector)

    def flowed(self) -> Flowed:
        places = {place: vector for place, (_, vector) in self.here.items() if any(vector.values())}
        return Flowed(
            self.pieces, self.weights, frozenset(self.used), places, self.within, self.lost, tuple(self.circular)
        )
