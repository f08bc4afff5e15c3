"""Who may sign what, from when until when: the registry, folded from `ledger`, `party` and `key` statements.

The same fold serves the sequencer (may this be recorded?), audit (was it rightly recorded?) and verification (was the
key good at that index?), each from statements it has checked itself (SPEC 4.5).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from ledger.kernel.encoding import b64url_decode
from ledger.kernel.errors import Conflict, RuleBroken, Unauthorised
from ledger.kernel.keys import PublicKey, parse_jwk, possession_message, verify_signature
from ledger.kernel.note import parse_vkey
from ledger.kernel.statement import Statement

REGISTRY_TYPES = ("ledger", "party", "key")
# What the registry is folded from: a notice may bring other rules into force.
FOLDED_TYPES = frozenset({*REGISTRY_TYPES, "notice"})
# SPEC 4.5: what only the operator signs, whatever roles a party has.
OPERATOR_TYPES = frozenset({"ledger", "party", "passport", "heads", "notice"})


@dataclass(frozen=True)
class KeyRecord:
    """One key of one party. Valid at index i when added < i < ended; `disputed_from` marks a doubtful end."""

    key: PublicKey
    added: int
    ended: int | None = None
    reason: str = ""
    disputed_from: int | None = None
    recovery: bool = False  # enrolled by the operator after the first key: vouched for by the operator alone

    def valid_at(self, index: int) -> bool:
        """SPEC 4.5: added < index < ended."""
        return self.added < index and (self.ended is None or index < self.ended)

    def disputed_at(self, index: int) -> bool:
        """Signed while, as was said later, somebody else may have held the key."""
        return self.disputed_from is not None and self.disputed_from <= index


@dataclass(frozen=True)
class Party:
    """A party as of its newest version. `profile` is the whole body of its newest `party` statement."""

    id: str
    name: str
    roles: frozenset[str]
    prefixes: tuple[str, ...]
    profile: Mapping[str, Any]
    keys: Mapping[str, KeyRecord] = field(default_factory=dict)

    @cached_property
    def processes(self) -> Mapping[str, str]:
        """The kind of each registered process, by its id."""
        return {one["id"]: one["kind"] for one in self.profile.get("processes", ())}

    @cached_property
    def accuracies(self) -> Mapping[str, str]:
        """The accuracy of each registered device that has one, in %, by its id."""
        return {one["id"]: one["accuracy"] for one in self.profile.get("devices", ()) if "accuracy" in one}

    @cached_property
    def claim_scopes(self) -> Mapping[str, Mapping[str, Any]]:
        """The scopes of its mass balances, by id."""
        return {one["id"]: one for one in self.profile.get("claim_scopes", ())}

    @cached_property
    def registered(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """What the profile lists, by list (sites, processes, devices, meters) and id."""
        lists = ("sites", "processes", "devices", "meters")
        return {(name, one["id"]): one for name in lists for one in self.profile.get(name, ())}


class RuleSet(NamedTuple):
    """What entries from `since` on are judged by; `digest` as its statement gives it."""

    since: int
    id: str
    digest: str


@dataclass(frozen=True)
class Registry:
    """Every party and key as of one index, and what the newest `ledger` statement says."""

    uri: str
    origin: str
    operator: str
    incarnation: int
    log_keys: tuple[str, ...]
    rules: tuple[RuleSet, ...]  # as they came into force; where two hold, the later one
    parties: Mapping[str, Party]
    owners: Mapping[str, str]  # key thumbprint -> party id, for ever

    @cached_property
    def sites(self) -> Mapping[str, str]:
        """The party of each registered site."""
        return {one["id"]: party.id for party in self.parties.values() for one in party.profile.get("sites", ())}

    def rules_at(self, index: int) -> str:
        """The id of the rule set that entry `index` is judged by."""
        newest = self.rules[-1]
        return newest.id if newest.since <= index else next(r.id for r in reversed(self.rules) if r.since <= index)

    def key(self, kid: str) -> PublicKey | None:
        """The key with this thumbprint, ended or not."""
        owner = self.owners.get(kid)
        return self.parties[owner].keys[kid].key if owner is not None else None

    def all_keys(self) -> dict[str, PublicKey]:
        """Every key ever enrolled, by thumbprint."""
        return {kid: self.parties[owner].keys[kid].key for kid, owner in self.owners.items()}

    def party(self, party: str) -> Party:
        """The party with this id. Raises Unauthorised where there is none."""
        found = self.parties.get(party)
        if found is None:
            raise Unauthorised("unknown_party", f"party {party} is not enrolled in this ledger", party=party)
        return found


def begin(statement: Statement) -> Registry:
    """The registry after index 0. Raises RuleBroken or Unauthorised where it does not stand on itself."""
    body = statement.body
    if body["incarnation"] != 0 or body["uri"] != statement.aud or body["operator"]["id"] != statement.iss:
        raise RuleBroken("ledger_statement", "index 0 names another ledger, issuer or incarnation than its own")
    empty = Registry(statement.aud, "", statement.iss, 0, (), (), {}, {})
    registry = _with_ledger(empty, statement, 0)
    if statement.kid not in registry.owners:
        raise Unauthorised("key_unknown", f"index 0 is signed by key {statement.kid}, which it does not name")
    return registry


def authorise(registry: Registry, statement: Statement, index: int) -> KeyRecord:
    """The record of the key that signed, if its party may sign this `typ` at `index`. Raises Unauthorised.

    What is not checked here: the signature itself, and GS1 prefixes of what the statement creates.
    """
    party = registry.party(statement.iss)
    record = party.keys.get(statement.kid)
    if record is None:
        raise Unauthorised("key_unknown", f"key {statement.kid} is not enrolled for {party.id}", kid=statement.kid)
    if not record.valid_at(index):
        raise Unauthorised(
            "key_not_valid",
            f"key {record.key.kid} of {party.id} is good for entries after {record.added}"
            f"{f' and before {record.ended}' if record.ended is not None else ''}, not for entry {index}",
            kid=record.key.kid,
        )
    _check_role(registry, party, statement)
    return record


def _check_role(registry: Registry, party: Party, statement: Statement) -> None:
    if statement.typ in OPERATOR_TYPES:
        if party.id != registry.operator:
            raise Unauthorised("role", f"only the operator {registry.operator} signs {statement.typ} statements")
    elif statement.typ == "key":
        _check_key_issuer(registry, party, statement)
    elif statement.typ not in party.roles:
        raise Unauthorised("role", f"{party.id} has no role to sign {statement.typ} statements", typ=statement.typ)


def _check_key_issuer(registry: Registry, party: Party, statement: Statement) -> None:
    """SPEC 4.5: a party's keys are its own affair, but for its first key and for a recovery said to be one."""
    target = statement.body["party"]
    if target == party.id:
        return
    if party.id != registry.operator:
        raise Unauthorised("key_issuer", f"{party.id} may not change the keys of {target}")
    if registry.party(target).keys and not statement.body.get("recovery"):
        raise Unauthorised("key_issuer", f"{target} has keys: the operator may add or end one only as a recovery")


def apply(registry: Registry, statement: Statement, index: int) -> Registry:
    """The registry after `statement` stands at `index`. Raises RuleBroken or Conflict; other types change nothing."""
    if statement.typ == "ledger":
        return _with_ledger(registry, statement, index)
    if statement.typ == "party":
        return _with_party(registry, statement.body)
    if statement.typ == "key":
        return _with_keys(registry, statement, index)
    if statement.typ == "notice" and "rules" in statement.body:
        return _with_rules(registry, statement.body["rules"], index)
    return registry


def fold(history: Iterable[tuple[int, Statement]]) -> Registry:
    """The registry from index 0 and every later `ledger`, `party`, `key` and `notice` statement, in index order."""
    steps = iter(history)
    _, first = next(steps)
    registry = begin(first)
    for index, statement in steps:
        registry = apply(registry, statement, index)
    return registry


def _with_ledger(registry: Registry, statement: Statement, index: int) -> Registry:
    body = statement.body
    if index and body["incarnation"] != registry.incarnation + 1:
        raise RuleBroken(
            "incarnation",
            f"the ledger is in incarnation {registry.incarnation}, the statement says {body['incarnation']}",
        )
    if body["uri"] != registry.uri or body["operator"]["id"] != registry.operator:
        raise RuleBroken(
            "ledger_statement", f"the ledger {registry.uri} of {registry.operator} keeps both names for ever"
        )
    taken = {key.raw: registry.owners[kid] for kid, key in registry.all_keys().items()}
    for vkey in body["log_keys"]:
        if (raw := parse_vkey(vkey).raw) in taken:
            raise Conflict("key_taken", f"a key of {taken[raw]} signs statements and cannot sign checkpoints")
    renewed = replace(
        registry,
        origin=body["origin"],
        incarnation=body["incarnation"],
        log_keys=tuple(body["log_keys"]),
        rules=(*registry.rules, RuleSet(index, body["rules"]["id"], body["rules"]["digest"])),
    )
    renewed = _with_party(renewed, body["operator"])
    return _added(renewed, renewed.party(body["operator"]["id"]), body["keys"], index, recovery=bool(index))


def _with_rules(registry: Registry, rules: Mapping[str, Any], index: int) -> Registry:
    """SPEC 4.5: from an entry after the notice on; a later notice may not reach back before an earlier one."""
    since = max(index, registry.rules[-1].since)
    if rules["from_index"] <= since:
        raise RuleBroken("rules", f"rules come into force after entry {since}, not from entry {rules['from_index']}")
    return replace(registry, rules=(*registry.rules, RuleSet(rules["from_index"], rules["id"], rules["digest"])))


def _with_party(registry: Registry, body: Mapping[str, Any]) -> Registry:
    known = registry.parties.get(body["id"])
    party = Party(
        id=body["id"],
        name=body["name"],
        roles=frozenset(body["roles"]),
        prefixes=tuple(body["prefixes"]),
        profile=body,
        keys=known.keys if known else {},
    )
    return replace(registry, parties={**registry.parties, party.id: party})


def _with_keys(registry: Registry, statement: Statement, index: int) -> Registry:
    body = statement.body
    party = registry.party(body["party"])
    recovery = statement.iss != party.id and bool(party.keys)
    registry = _added(registry, party, body.get("add", ()), index, recovery=recovery)
    return _ended(registry, registry.party(party.id), statement, index)


def _added(
    registry: Registry, party: Party, additions: Iterable[Mapping[str, Any]], index: int, *, recovery: bool
) -> Registry:
    keys = dict(party.keys)
    owners = dict(registry.owners)
    for addition in additions:
        key = parse_jwk(addition["jwk"])
        _check_new_key(registry, owners, party, key, addition["proof"])
        keys[key.kid] = KeyRecord(key, added=index, recovery=recovery)
        owners[key.kid] = party.id
    parties = {**registry.parties, party.id: replace(party, keys=keys)}
    return replace(registry, parties=parties, owners=owners)


def _check_new_key(registry: Registry, owners: Mapping[str, str], party: Party, key: PublicKey, proof: str) -> None:
    """SPEC 4.5: one party for ever, never a log key, and whoever enrols it holds it."""
    if key.kid in owners:
        raise Conflict("key_taken", f"key {key.kid} was enrolled before, for {owners[key.kid]}", kid=key.kid)
    if any(parse_vkey(vkey).raw == key.raw for vkey in registry.log_keys):
        raise Conflict("key_taken", f"key {key.kid} signs checkpoints and cannot sign statements", kid=key.kid)
    message = possession_message(registry.uri, party.id, key.kid)
    if not verify_signature(key, key.alg, message, b64url_decode(proof, "proof of possession")):
        raise Unauthorised("possession", f"the proof of possession of key {key.kid} does not verify", kid=key.kid)


def _ended(registry: Registry, party: Party, statement: Statement, index: int) -> Registry:
    keys = dict(party.keys)
    for ending in statement.body.get("end", ()):
        record = keys.get(ending["kid"])
        if record is None or record.ended is not None:
            raise RuleBroken("key_end", f"key {ending['kid']} is no key of {party.id} that could be ended")
        if ending["kid"] == statement.kid:
            # Valid at i means i < ended: a key cannot be good at the very entry that ends it.
            raise RuleBroken("key_end", f"key {statement.kid} cannot end itself: sign with another key of {party.id}")
        disputed_from = ending.get("disputed_from")
        if disputed_from is not None and not record.added < disputed_from < index:
            raise RuleBroken("key_end", f"the dispute begins at entry {disputed_from}, outside the life of the key")
        keys[ending["kid"]] = replace(record, ended=index, reason=ending["reason"], disputed_from=disputed_from)
    return replace(registry, parties={**registry.parties, party.id: replace(party, keys=keys)})
