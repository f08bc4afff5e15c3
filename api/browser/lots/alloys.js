// What is known of alloys: density in kg/m³ as mill tables give it, and limits in % by mass (EN 573-3), least and most,
// with the decimals that a value is rounded to.

export const DENSITY = { 5754: 2670n, 6016: 2700n, 7075: 2810n, 5182: 2650n };

export const LIMITS = {
  5754: limits(
    "Si 0.40, Fe 0.40, Cu 0.10, Mn 0.50, Mg 2.6 3.6, Cr 0.30, Zn 0.20, Ti 0.15, Mn+Cr 0.10 0.60, others-each 0.05, "
      + "others-total 0.15",
  ),
  6016: limits("Si 1.0 1.5, Mg 0.25 0.60, Fe 0.50, Cu 0.20, Mn 0.20, Cr 0.10, Zn 0.20, Ti 0.15"),
  7075: limits(
    "Si 0.40, Fe 0.50, Cu 1.2 2.0, Mn 0.30, Mg 2.1 2.9, Cr 0.18 0.28, Zn 5.1 6.1, Ti 0.20, Zr+Ti 0.25, others-each 0.05, "
      + "others-total 0.15",
  ),
  5182: limits("Si 0.20, Fe 0.35, Cu 0.15, Mn 0.20 0.50, Mg 4.0 5.0, Cr 0.10, Zn 0.25, Ti 0.10"),
};

function limits(text) {
  return new Map(text.split(", ").map((row) => {
    const [element, ...bounds] = row.split(" ");
    return [element, bounds.length > 1 ? bounds : ["0", bounds[0]]];
  }));
}
