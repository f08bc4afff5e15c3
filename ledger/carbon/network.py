"""Steps as a network: nodes that take and give, and for each place what happens to it, in order of event time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from ledger.carbon.given import BY_ELEMENT, SOURCES, Moved, Step
from ledger.carbon.windows import Span, Spans

if TYPE_CHECKING:
    from ledger.lots.records import Place

NOWHERE = -1  # no node: from outside, or by nobody
TAKE, GIVE, WORK = range(3)


class Operation(NamedTuple):
    """One change of one place: what a node takes there, gives to it, or adds to what is there without its mass."""

    what: int
    node: int
    g: int
    kind: str
    scrap: str


class Out(NamedTuple):
    """Where a node gives: the operation of a place, or another node; with the g that it counts by, and its entry."""

    operation: int
    node: int
    g: int
    entry: int


class Node:
    """One step, one lot of a step that only moves, or a process over a span. Mutable until the network is run."""

    __slots__ = ("entries", "outs", "process", "span", "waits")

    def __init__(self, process: str = "", span: Span | None = None) -> None:
        self.process, self.span = process, span
        self.waits = 0  # what it takes, and what another node brings
        self.outs: list[Out] = []
        self.entries: list[int] = []


class Network:
    """Made of the steps that stand."""

    def __init__(self, steps: Iterable[Step], spans: Spans) -> None:
        self.nodes: list[Node] = []
        self.operations: list[Operation] = []
        self.places: dict[Place, list[int]] = {}  # by lot, holder, delivery
        self.materials: dict[int, str] = {}  # by operation: the lot that is taken, where its process is balanced
        self._spans = spans
        self._units: dict[tuple[str, Span], int] = {}
        self._late: dict[tuple[int, str], int] = {}
        for step in sorted(steps, key=lambda one: (one.time, one.index)):
            self._add(step)
        self.after = self._chains()

    def _node(self, process: str = "", span: Span | None = None) -> int:
        self.nodes.append(Node(process, span))
        return len(self.nodes) - 1

    def _add(self, step: Step) -> None:
        if step.joins:
            self._joined(step)
        else:
            for lot in dict.fromkeys(one.place[0] for one in (*step.debits, *step.credits)):
                self._moved(step, lot)
        if step.worked:
            self._worked(step)

    def _joined(self, step: Step) -> None:
        """Everything it takes goes into everything that it gives and that keeps the burden."""
        node = self._unit(step) if is_balanced(step) else self._node(step.process)
        self.nodes[node].entries.append(step.index)
        for one in step.debits:
            operation = self._operate(TAKE, one, node)
            self.materials[operation] = one.place[0]
        for one in step.credits:
            made = not one.kind or one.kind in SOURCES
            operation = self._operate(GIVE, one, node if made and one.carries else NOWHERE)
            if made and one.carries:
                self.nodes[node].outs.append(Out(operation, NOWHERE, one.g, step.index))

    def _unit(self, step: Step) -> int:
        """One node for a process and a span: its alumina and its metal do not come and go together."""
        span = self._spans.of(step.process, step.time)
        if (step.process, span) not in self._units:
            self._units[step.process, span] = self._node(step.process, span)
        return self._units[step.process, span]

    def _chains(self) -> Mapping[int, int]:
        """What stays in a process goes to its next span."""
        found: dict[int, int] = {}
        before: dict[str, int] = {}
        for (process, _), node in sorted(self._units.items()):
            if process in before:
                found[before[process]] = node
                self.nodes[node].waits += 1
            before[process] = node
        return found

    def _moved(self, step: Step, lot: str) -> None:
        node = self._node()
        for one in _of(step.debits, lot):
            self._operate(TAKE, one, node)
        for one in _of(step.credits, lot):
            if one.kind == "late":
                self._arrived(step, one)
            else:
                operation = self._operate(GIVE, one, NOWHERE if one.kind else node)
                if not one.kind:
                    self.nodes[node].outs.append(Out(operation, NOWHERE, one.g, step.index))
        for row in step.settles:
            if row.lot == lot:
                receipt = self._late_node(row.entry, lot)
                self.nodes[receipt].waits += 1
                self.nodes[node].outs.append(Out(NOWHERE, receipt, row.g, step.index))

    def _arrived(self, step: Step, one: Moved) -> None:
        """Rule 5.1: received before its sender was heard; where he was heard since, with what he sent."""
        if not any(row.lot == one.place[0] for row in step.settled):
            self._operate(GIVE, one, NOWHERE)
            return
        node = self._late_node(step.index, one.place[0])
        self.nodes[node].outs.append(Out(self._operate(GIVE, one, node), NOWHERE, one.g, step.index))

    def _late_node(self, entry: int, lot: str) -> int:
        if (entry, lot) not in self._late:
            self._late[entry, lot] = self._node()
        return self._late[entry, lot]

    def _worked(self, step: Step) -> None:
        node = self._node(step.process)
        self.nodes[node].entries.append(step.index)
        for one in step.worked:
            operation = self._operate(WORK, replace(one, kind=""), node)
            self.nodes[node].outs.append(Out(operation, NOWHERE, one.g, step.index))

    def _operate(self, what: int, one: Moved, node: int) -> int:
        if what == TAKE and node != NOWHERE:
            self.nodes[node].waits += 1
        self.operations.append(Operation(what, node, one.g, one.kind, one.scrap))
        self.places.setdefault(one.place, []).append(len(self.operations) - 1)
        return len(self.operations) - 1


def is_balanced(step: Step) -> bool:
    """12.4: what goes in comes out in other events, so that both are joined over a span."""
    one_sided = not step.debits or not step.credits
    return step.joins and bool(step.process) and step.kind in BY_ELEMENT and one_sided


def _of(moved: Iterable[Moved], lot: str) -> Iterator[Moved]:
    return (one for one in moved if one.place[0] == lot)
