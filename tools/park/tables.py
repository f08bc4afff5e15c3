"""The factor sets that the park's plants and producers name in their statements."""

from enum import Enum

from ledger.carbon.factors import known


class Table(Enum):
    """One set, by name and version."""

    METHODS = "eu-2025-2547/annex-ii"
    FUELS = "ipcc-2006/combustion"
    DEFAULTS = "eu-2025-2621/defaults"
    SCENARIO = "scenario-kz/1"

    @property
    def named(self) -> dict[str, str]:
        """As a statement names it."""
        found = known()[self.value]
        return {"id": found.id, "digest": found.digest}
