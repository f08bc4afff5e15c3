"""What is known of mass-balance claims, as frozen records (rule M6, SPEC 5.9).

Masses in g; records travel as msgpack arrays like those of lots.
"""

from msgspec import Struct


class Turnover(Struct, frozen=True, array_like=True, gc=False):
    """One period of a scope, by number from 0 on: claims that came in, by the factor, and that went out."""

    period: int
    came: int = 0
    went: int = 0


class Claims(Struct, frozen=True, array_like=True, tag="claims", gc=False):
    """The account of one scope: what was claimed before it began, and the periods that anything was claimed in.

    `calendar` is its first month and how many months make a period: who counts otherwise needs another scope.
    """

    scope: str
    calendar: str
    opening: int
    turnovers: tuple[Turnover, ...] = ()


class Sent(Struct, frozen=True, array_like=True, gc=False):
    """What a scope claimed of a delivery in one of its periods, less what was taken in and what came home.

    Negative where the shipment was declared wrong after somebody had taken its claims in.
    """

    scope: str
    period: int
    scheme: str
    g: int


class Accompanied(Struct, frozen=True, array_like=True, tag="claims under way", gc=False):
    """The claims that go with one delivery."""

    delivery: str
    sent: tuple[Sent, ...] = ()


class Claim(Struct, frozen=True, array_like=True, gc=False):
    """One change of one account, and of what goes with a delivery, where it does."""

    scope: str
    turnover: Turnover
    delivery: str = ""
    sent: Sent | None = None


class Claimed(Struct, frozen=True, array_like=True, tag="claimed", gc=False):
    """All that one event did to accounts."""

    entry: int
    claims: tuple[Claim, ...]
