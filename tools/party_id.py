"""The id of a party on a command line: a slip is told where it was made, and not by the ledger it is posted to."""

import click

from ledger.kernel.errors import Malformed
from ledger.kernel.gs1 import canonical_id


class PartyId(click.ParamType[str]):
    """`(417)` and a GLN of 13 digits (SPEC 4.5)."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The canonical id. Ends the command with a sentence where it is none."""
        if not value.startswith("(417)"):
            self.fail(f"{value!r} is no id of a party: that is (417) and 13 digits, as (417)9521210000013", param, ctx)
        try:
            return canonical_id(value)
        except Malformed as error:
            self.fail(error.sentence, param, ctx)


PARTY = PartyId()
