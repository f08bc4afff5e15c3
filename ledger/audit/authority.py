"""Who could sign what at which entry: the registry, folded again from the statements that an audit has at hand."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from ledger.audit.findings import Finding, about
from ledger.bodies import check_body
from ledger.kernel.errors import CoilmarkError, Refused
from ledger.kernel.keys import PublicKey
from ledger.kernel.party import KeyRecord, Party, Registry, apply, authorise, begin
from ledger.kernel.statement import Statement, check_signature, parse


@dataclass(frozen=True, slots=True)
class Epoch:
    """Which origin and log keys (vkeys) checkpoints have from an entry on.

    `before` is the signed note of the last checkpoint of the incarnation before, "" for the first; `lost` says which
    entries of it are not in this tree, half-open.
    """

    index: int
    origin: str
    log_keys: tuple[str, ...]
    before: str = ""
    lost: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Authority:
    """Every key with its whole life, and every party's roles and prefixes from which entry on.

    One record serves all entries: a key's life is judged at an index, and a party is looked up as of an index.
    """

    registry: Registry
    profiles: Mapping[str, tuple[tuple[int, Party], ...]]
    epochs: tuple[Epoch, ...]
    sites: tuple[tuple[int, Mapping[str, str]], ...]  # the party of each site, from an entry on

    @property
    def uri(self) -> str:
        """The ledger, as index 0 names it."""
        return self.registry.uri

    def keys(self) -> dict[str, PublicKey]:
        """Every key ever enrolled, by thumbprint."""
        return self.registry.all_keys()

    def key_records(self) -> Iterable[tuple[str, KeyRecord]]:
        """Every key with the id of its party."""
        for party in self.registry.parties.values():
            for record in party.keys.values():
                yield party.id, record

    def version(self, party: str, index: int) -> int:
        """How many statements about the party stand before entry `index`."""
        return bisect_right(self.profiles.get(party, ()), index - 1, key=_since)

    def same_until(self, index: int) -> float:
        """The last entry for which parties, sites and rules are those of entry `index`; inf: nothing comes after."""
        later = bisect_left(self.sites, index, key=_since)
        said = self.sites[later][0] if later < len(self.sites) else inf
        return min([said, *(one.since - 1 for one in self.registry.rules if one.since > index)])

    def sites_at(self, index: int) -> Mapping[str, str]:
        """The party of each site that was registered before entry `index`."""
        known = bisect_right(self.sites, index - 1, key=_since)
        return self.sites[known - 1][1] if known else {}

    def at(self, party: str, version: int) -> Registry:
        """A registry that knows this one party, as its `version` first statements say, with all its keys."""
        if not version:
            return replace(self.registry, parties={})
        _, profile = self.profiles[party][version - 1]
        keys = self.registry.party(party).keys
        return replace(self.registry, parties={party: replace(profile, keys=keys)}, owners={})


def _since(profile: tuple[int, Any]) -> int:
    return profile[0]


def fold_authority(history: Iterable[tuple[int, bytes]]) -> tuple[Authority | None, list[Finding]]:
    """The authority from all `ledger`, `party` and `key` statements in wire form, in index order.

    One that is not rightly signed, or that breaks a rule, is a finding and changes nothing. None where index 0 does
    not stand: then nobody's signature can be judged. Whether each statement is well formed is judged elsewhere.
    """
    registry: Registry | None = None
    profiles: dict[str, list[tuple[int, Party]]] = {}
    epochs: list[Epoch] = []
    findings: list[Finding] = []
    for index, wire in history:
        statement = _well_formed(wire)
        if statement is None or (registry is None and index):
            continue
        try:
            registry = _next(registry, statement, index)
        except Exception as error:  # noqa: BLE001  whatever a stored statement provokes, the audit goes on
            findings.append(about(index, _code(error), f"{_says(error)}; it is left out of the registry"))
            continue
        _note_profile(registry, statement, index, profiles, epochs)
    if registry is None:
        findings.append(Finding("no_registry", "index 0 is no sound ledger statement: no signature could be judged", 0))
        return None, findings
    known_profiles = {party: tuple(known) for party, known in profiles.items()}
    return Authority(registry, known_profiles, tuple(epochs), tuple(_sites(profiles))), findings


def _sites(profiles: Mapping[str, Sequence[tuple[int, Party]]]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """After each statement about a party: the party of each site."""
    newest: dict[str, list[str]] = {}
    said = [(index, party) for known in profiles.values() for index, party in known]
    for index, party in sorted(said, key=_since):
        newest[party.id] = [site["id"] for site in party.profile.get("sites", ())]
        yield index, {site: owner for owner, sites in newest.items() for site in sites}


def _well_formed(wire: bytes) -> Statement | None:
    try:
        statement = parse(wire)
        check_body(statement.typ, statement.body)
    except Exception:  # noqa: BLE001  the pass over all entries says what is wrong with it
        return None
    return statement


def _next(registry: Registry | None, statement: Statement, index: int) -> Registry:
    """The registry after one more statement, its signature and right to speak established. Raises Refused."""
    if registry is None:
        if statement.typ != "ledger":
            raise Refused("ledger_statement", f"index 0 is a {statement.typ} statement, not a ledger statement")
        started = begin(statement)
        _check_signed(started, statement)
        return started
    authorise(registry, statement, index)
    _check_signed(registry, statement)
    return apply(registry, statement, index)


def _check_signed(registry: Registry, statement: Statement) -> None:
    key = registry.key(statement.kid)
    if key is None:
        raise Refused("key_unknown", f"key {statement.kid} is not enrolled in this ledger")
    check_signature(statement, key)


def _note_profile(
    registry: Registry,
    statement: Statement,
    index: int,
    profiles: dict[str, list[tuple[int, Party]]],
    epochs: list[Epoch],
) -> None:
    body: Mapping[str, Any] = statement.body
    if statement.typ == "ledger":
        previous = body.get("previous")
        before, lost = (previous["checkpoint"], previous["lost"]) if previous else ("", {"from": 0, "to": 0})
        epochs.append(Epoch(index, registry.origin, registry.log_keys, before, (lost["from"], lost["to"])))
    about_party = {"ledger": lambda: body["operator"]["id"], "party": lambda: body["id"]}.get(statement.typ)
    if about_party is not None:
        party = registry.party(about_party())
        profiles.setdefault(party.id, []).append((index, replace(party, keys={})))


def _code(error: Exception) -> str:
    return error.code if isinstance(error, CoilmarkError) else "unjudged"


def _says(error: Exception) -> str:
    return error.sentence if isinstance(error, CoilmarkError) else f"{type(error).__name__}: {error}"
