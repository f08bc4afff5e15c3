"""Passports that follow from the events of a forged ledger, whatever these say.

body, inputs = passport_of(forged, "(01)…(21)C-1", rules)
forged.bundle(forged.add(OPERATOR, "passport", body), along=inputs, kind="full")
"""

from dataclasses import replace
from types import SimpleNamespace

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.hashing import tree_root
from ledger.kernel.party import apply, begin
from ledger.kernel.statement import parse
from ledger.kernel.verify_passports import Inputs
from ledger.kernel.verify_statements import shown
from ledger.passport.accounting import account_of
from ledger.passport.body import passport_body
from ledger.passport.refolded import Refolded
from ledger.passport.story import story_of


def passport_of(ledger, piece, rules, footprint=lambda _lot, _as_of: None, without=()):
    """Its body as of all entries but those `without`, and its inputs.

    `footprint` may give one, `Accounted`, of the lot and that state.
    """
    size = len(ledger.entries)
    inputs = inputs_of(ledger, {"as_of": {"size": size}}, {*range(size)} - {*without})
    source = Refolded(inputs, believing=True)
    story, as_of = story_of(piece, source), {"size": size, "root": b64url_encode(tree_root(ledger.leaves))}
    accounted, registry = footprint(story.piece, as_of), inputs.registries[size - 1]
    body = passport_body(story, source, registry, rules=rules, as_of=as_of, root="", accounted=accounted)
    return committed(ledger, body, story.inputs), story.inputs


def inputs_of(ledger, body, chosen):
    """What is computed from in a bundle of these entries, about a passport that says so."""
    registries, entries, registry = {}, [], None
    for index, wire in enumerate(ledger.wires):
        statement = parse(wire)
        registry = begin(statement) if registry is None else apply(registry, statement, index)
        registries[index] = registry
        if index in chosen:
            entries.append(replace(shown(ledger.shown(index)), statement=statement))
    passport = SimpleNamespace(statement=SimpleNamespace(body=body), opened=())
    return Inputs(passport, tuple(entries), registries)


def accounted(ledger, body, inputs, rules):
    """The passport with the footprint that its inputs give. Raises what reading them raises."""
    basis = {**body, "accounts": body["as_of"]}
    _, made = account_of(basis, inputs_of(ledger, basis, inputs), rules)
    return {**basis, **made, "figures": [*body["figures"], *made["figures"]]}


def committed(ledger, body, inputs):
    """The same body, of these inputs."""
    root = b64url_encode(tree_root([ledger.entries[index].leaf for index in inputs]))
    return {**body, "inputs": {"count": len(inputs), "root": root}}
