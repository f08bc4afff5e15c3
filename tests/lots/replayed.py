"""The slow twin of a trace: everything replayed from the first event on, every share an exact fraction."""

from fractions import Fraction

from ledger.lots.mass_rules import PRIMARY


class Replay:
    """`pots`: for each place what is in it, in g by where it came from: (entry, lot, reason, class of scrap)."""

    def __init__(self, effects):
        self.pots = {}
        self.runs = {}
        for one in effects:
            self.add(one)

    def share_of(self, place, g):
        """So many g of what is in a place."""
        pot = self.pots[place]
        whole = sum(pot.values())
        return {origin: Fraction(g) * part / whole for origin, part in pot.items()}

    def draw(self, one, posting):
        pot = self.pots.setdefault(posting.place, {})
        whole = sum(pot.values())
        if not whole:
            return {(one.index, posting.lot, "unknown", ""): Fraction(posting.g)}
        taken = {origin: part * posting.g / whole for origin, part in pot.items()}
        self.pots[posting.place] = {origin: part - taken[origin] for origin, part in pot.items()}
        if posting.scrap:
            return {(one.index, posting.lot, "scrap", posting.scrap): Fraction(posting.g)}
        return taken

    def add(self, one):
        taken = {}
        for posting in one.debits:
            drawn = self.draw(one, posting)
            if not posting.kind:
                mix(taken.setdefault("" if one.joins else posting.lot, {}), drawn, 1)
        if one.run:
            run = self.runs.setdefault((one.issuer, one.run), {})
            mix(run, taken.get("", {}), 1)
            taken = {"": dict(run)}
        if one.joins and not one.run and one.entered.get("unaccounted"):
            mix(taken.setdefault("", {}), {(one.index, "", "unaccounted", ""): one.entered["unaccounted"]}, 1)
        for posting in one.credits:
            self.credit(one, posting, taken)

    def credit(self, one, posting, taken):
        pot = self.pots.setdefault(posting.place, {})
        if posting.kind:
            mix(pot, {(one.index, posting.lot, posting.kind, ""): posting.g}, 1)
            return
        lot = "" if one.joins else posting.lot
        source = taken.get(lot, {})
        whole = sum(source.values())
        if whole:
            mix(pot, source, Fraction(posting.g) / whole)
        else:
            reason = "primary" if one.what in PRIMARY else "unknown"
            mix(pot, {(one.index, lot, reason, ""): posting.g}, 1)


def mix(pot, more, factor):
    for origin, g in more.items():
        pot[origin] = pot.get(origin, Fraction(0)) + Fraction(g) * factor
