"""What a party says of energy, and where that stands in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger import limits
from ledger.kernel.errors import RuleBroken
from ledger.kernel.party import Party

AHEAD = limits.AHEAD * 1_000_000  # µs that what is stated may lie ahead of its record


@dataclass(frozen=True, slots=True)
class Said:
    """One statement with a checked body; `recorded_at` in µs since 1970 UTC, `party` its issuer as registered there.

    `rules` is the rule set in force at its entry.
    """

    typ: str
    issuer: str
    body: Mapping[str, Any]
    index: int
    recorded_at: int
    party: Party
    rules: str

    def registered(self, what: str, name: str) -> Mapping[str, Any]:
        """A device, meter, process or site of the issuer. Raises RuleBroken, the code being `what` without its s."""
        found = self.party.registered.get((what, name))
        if found is None:
            kind = _ONE[what]
            raise RuleBroken(kind, f"{self.issuer} has no {kind} {name} registered", id=name)
        return found

    def zone(self, *registered: Mapping[str, Any]) -> str:
        """SPEC 4.9.9: the grid zone of the first that names one, else of the site of the first."""
        for one in registered:
            if "zone" in one:
                return str(one["zone"])
        return str(self.registered("sites", registered[0]["site"])["zone"])


_ONE = {"devices": "device", "meters": "meter", "processes": "process", "sites": "site"}
