"""What a passport says, computed from lots, their trace and the events behind them: pure, and the same everywhere.

`story` finds which entries a piece rests on, `body` says it in the form of SPEC 4.9.5, `refold` does both again from
the statements of a full bundle alone.
"""
