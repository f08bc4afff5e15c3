"""One record of consumption in the place of another, of a process or of a whole site (SPEC 4.9.10)."""

from typing import TypeVar

from msgspec.structs import replace

from ledger.energy.book import Book, consumption_key
from ledger.energy.records import Consumption, SiteReading
from ledger.kernel.errors import Conflict, RuleBroken, Unauthorised

One = TypeVar("One", Consumption, SiteReading)


def take_place(book: Book, old: One, new: One, misfit: str) -> None:
    """By the same issuer, once; `misfit` says why the two are not of the same hours, "" where they are.

    Raises Unauthorised, Conflict, RuleBroken.
    """
    name = old.id
    if old.issuer != new.issuer:
        raise Unauthorised("not_yours", f"consumption {name} was stated by {old.issuer}, not by {new.issuer}", id=name)
    if old.replaced_by:
        raise Conflict("replaced", f"consumption {name} was replaced by {old.replaced_by}: name that one", id=name)
    if misfit:
        raise RuleBroken("replaces", misfit, id=name)
    book.put(consumption_key(name), replace(old, replaced_by=new.id))
