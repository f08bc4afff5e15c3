"""F1 to F7 and F10: what one source stream emits. Masses in t, emissions in t, one plain function each.

Implementing Regulation (EU) 2025/2547 ("2547") numbers the equations. Factors are given, never known here.
"""

from collections.abc import Iterable
from decimal import Decimal

from ledger.carbon.exact import decimal128


@decimal128
def combustion(
    quantity: Decimal, calorific_value: Decimal, factor: Decimal, oxidation: Decimal, biomass: Decimal
) -> Decimal:
    """F1 (2547 II B.3.1): t CO2 of a fuel. Quantity t (or 1 000 m³), net calorific value GJ a unit, factor t CO2/TJ."""
    return heat_of_fuel(quantity * calorific_value / 1000, factor, oxidation, biomass)


@decimal128
def heat_of_fuel(energy: Decimal, factor: Decimal, oxidation: Decimal, biomass: Decimal) -> Decimal:
    """F1 with the energy known: TJ x t CO2/TJ x oxidised part, the biomass part left out."""
    return energy * factor * oxidation * (1 - biomass)


@decimal128
def carbon_balance(mass: Decimal, carbon: Decimal, factor: Decimal) -> Decimal:
    """F2 (2547 II B.3.2, Eq 12): t CO2 of t with this carbon content; what leaves counts as negative mass.

    `factor` is t CO2 a t of C: 3.664 in 2547, not 44/12.
    """
    return factor * mass * carbon


@decimal128
def anode_effect_minutes(frequency: Decimal, duration: Decimal) -> Decimal:
    """F3 (2547 II B.7, Eq 23): minutes a cell and day, of effects a cell and day and their mean duration in min."""
    return frequency * duration


@decimal128
def slope(minutes: Decimal, factor: Decimal, metal: Decimal) -> Decimal:
    """F4 (2547 II B.7, Eq 21): t CF4; factor (kg CF4/t Al)/(min/(cell·day)), metal t."""
    return minutes * (factor / 1000) * metal


@decimal128
def overvoltage(coefficient: Decimal, millivolts: Decimal, efficiency: Decimal, metal: Decimal) -> Decimal:
    """F5 (2547 II B.7, Eq 24): t CF4; coefficient (kg CF4/t Al)/mV, current efficiency in %, metal t."""
    return coefficient * (millivolts / efficiency) * metal * Decimal("0.001")


@decimal128
def hexafluoroethane(cf4: Decimal, share: Decimal) -> Decimal:
    """F4, F5 (2547 II B.7, Eq 22, 25): t C2F6 that come with so much CF4."""
    return cf4 * share


@decimal128
def warming(masses: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """F7 (2547 II B.7, Eq 26): t CO2e of (t of a gas, its warming potential)."""
    return sum((mass * potential for mass, potential in masses), Decimal(0))


@decimal128
def collected(in_duct: Decimal, efficiency: Decimal) -> Decimal:
    """F6 (2547 II B.7, Eq 20): what was emitted, of what the hoods collected; once, on the sum in t CO2e."""
    return in_duct / efficiency


@decimal128
def of_power(wh: Decimal, factor: Decimal) -> Decimal:
    """F10 (2547 II D.4): t CO2e of Wh at t CO2e/MWh."""
    return wh / 1_000_000 * factor


@decimal128
def mixed_factor(parts: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """F10 (2547 II D.4): the factor of several sources, of (share, t CO2e/MWh)."""
    return sum((share * factor for share, factor in parts), Decimal(0))
