"""Schema version 1, the spine: what `coilmark init` of 0.1 made. Nothing leads to it."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Never called: a ledger begins here."""
