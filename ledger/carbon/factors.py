"""Factor sets: versioned tables with their source and digest, one file each. No factor is a constant of the program."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from importlib import resources
from typing import Any

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import RuleBroken

POTENTIALS = "ipcc-gwp/1"  # the set that formulas read; all other factors stand in statements


@dataclass(frozen=True, slots=True)
class FactorSet:
    """One table. `grade`: A official file, B law as quoted, C third party, K general knowledge, S a scenario."""

    id: str
    digest: str
    title: str
    source: str
    grade: str
    values: Mapping[str, Any]

    def find(self, *path: str) -> Decimal | None:
        """The number at this place, or None where the table has none."""
        found: Any = self.values
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        return Decimal(found) if isinstance(found, str) else None


@functools.cache  # the same files for the life of the process, read when first asked for
def known() -> Mapping[str, FactorSet]:
    """Every factor set of this program, by its id."""
    return {one.id: one for one in map(read_set, factor_files().values())}


def factor_files() -> Mapping[str, bytes]:
    """The files by name, in order: the digest of the rule set covers them (SPEC 4.5)."""
    folder = resources.files("schemas").joinpath("factors")
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir(), key=lambda file: file.name)}


def read_set(data: bytes) -> FactorSet:
    """One file; its digest is of its bytes."""
    said = json.loads(data)
    digest = b64url_encode(sha256(data).digest())
    return FactorSet(said["id"], digest, said["title"], said["source"], said["grade"], said["values"])


def require(source: Mapping[str, str]) -> FactorSet:
    """The set that a statement names by id and digest. Raises RuleBroken ("factor_set")."""
    found = known().get(source["id"])
    if found is None:
        names = ", ".join(sorted(known()))
        raise RuleBroken("factor_set", f"factor set {source['id']} is not known; known are {names}", id=source["id"])
    if found.digest != source["digest"]:
        raise RuleBroken(
            "factor_set",
            f"factor set {found.id} has the digest {found.digest}, the statement names {source['digest']}",
            id=found.id,
        )
    return found


def potentials(name: str) -> Mapping[str, Decimal]:
    """Warming potentials by gas, of a set such as AR5. Raises RuleBroken ("gwp_set")."""
    sets = known()[POTENTIALS].values["gwp"]
    found = sets.get(name)
    if not isinstance(found, dict):
        names = ", ".join(sorted(one for one in sets if one != "unit"))
        raise RuleBroken("gwp_set", f"set {name} of warming potentials is not known; known are {names}", id=name)
    return {gas: Decimal(value) for gas, value in found.items()}
