"""What is in each place of what is traced, while a trace goes down (rule 5.2), and what share of each mix it is.

µg are what a trace tells: they are shared out to the last one. Shares say how many there are where a declaration or a
correction left more or less of a mix than what was drawn from it (5.6).
"""

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.amounts import Pool, Weighed
from ledger.lots.descent_records import Taken
from ledger.lots.records import NOBODY, ON_HAND, Place, Posting


class Mixes:
    """Pools by place, and the share of each mix that is traced, in parts of `WHOLE`; none where nothing is."""

    def __init__(self, amounts: Weighed) -> None:
        self.amounts = amounts
        self.pools: dict[Place, Pool] = {}
        self.parts: dict[tuple[Place, int], int] = {}

    def part(self, place: Place, mix: int) -> int:
        """The share of what is traced in a mix."""
        return self.parts.get((place, mix), 0)

    def there(self, place: Place, had: int, mix: int) -> Pool | None:
        """What is traced in so many g of a mix that are there; None where nothing is or was."""
        pool, part = self.pools.get(place), self.part(place, mix)
        if pool is None and not part:
            return None
        pool = self.pools[place] = self.amounts.there(pool or Pool(), had, mix, part)
        return pool

    def is_as(self, posting: Posting) -> bool:
        """Whether what is there is what a debit had before it."""
        pool = self.pools.get(posting.place)
        return pool is not None and self.amounts.is_as(pool, posting.had, posting.mix)

    def draw(self, posting: Posting) -> int:
        """What a debit takes of what is traced, in µg."""
        pool = self.there(posting.place, posting.had, posting.mix)
        if pool is None:
            return 0
        ug, pool.ug = self.amounts.drawn(pool.ug, posting)
        pool.g = posting.had - posting.g
        _forget(pool, posting.place)
        return ug

    def add(
        self, place: Place, entry: int, before: tuple[int, int], g: int, some: Taken, *, really: int | None = None
    ) -> None:
        """A new mix by this entry: what was there, in g and of which mix, and so many g with what is traced in them.

        What was added `really`, in g, was something else where it was declared wrong.
        """
        had, mix = before
        pool, older = self.there(place, had, mix), self.part(place, mix)
        if pool is None and not some.ug and not some.part:
            return
        pool = self.pools[place] = pool or Pool(0, had, mix)
        weight, added = pool.whole if mix == entry else max(0, had), max(0, g)
        whole = weight + added
        part = (weight * older + added * some.part) // whole if whole else some.part
        pool.ug, pool.g, pool.mix, pool.whole = pool.ug + some.ug, had + (g if really is None else really), entry, whole
        self.parts[place, entry] = part = self.amounts.known(part, pool.ug)
        if pool.g != whole:
            pool.ug = self.amounts.of(part, pool.g)

    def empty(self, place: Place, entry: int, part: int) -> None:
        """A mix of which nothing is there."""
        self.pools.setdefault(place, Pool())
        self.parts[place, entry] = part

    def more(self, place: Place, before: tuple[int, int], g: int, first: int = NOBODY) -> None:
        """More g of what is there; by a correction, of the mix that it belongs to, where there is no newer one."""
        (had, mix), newest = before, max(before[1], first)
        pool, part = self.there(place, had, mix), self.part(place, newest)
        if pool is None and not part:
            return
        pool = self.pools[place] = pool or Pool()
        pool.g, pool.mix = had + g, newest
        pool.ug = self.amounts.of(part, pool.g) if self.amounts.by_mass else pool.ug
        _forget(pool, place)

    def adjust(self, place: Place, g: int, mix: int) -> None:
        """A declaration takes so many g back from a place, or to it; `mix` is theirs where there is nothing."""
        pool = self.pools.get(place)
        if pool is None and not self.part(place, mix):
            return
        pool = self.pools[place] = pool or Pool()
        pool.mix = mix if pool.mix == NOBODY else pool.mix
        pool.g += g
        pool.ug = self.amounts.of(self.part(place, pool.mix), pool.g)
        _forget(pool, place)

    def thin(self, place: Place, whole: int) -> int:
        """Where what is traced has become under 0.1 % of so many g, it is followed no further: how many µg."""
        pool = self.pools.get(place)
        if pool is None or not pool.ug or not self.amounts.is_little(pool.ug, whole):
            return 0
        ug, pool.ug = pool.ug, 0
        self.parts[place, pool.mix] = 0
        return ug


def _forget(pool: Pool, place: Place) -> None:
    """A thing, and what is under way, leaves no place behind that would be mixed."""
    if not pool.g and (place[2] != ON_HAND or names_one_thing(place[0])):
        pool.mix = NOBODY
