// The rules by which a passport is computed again (SPEC 5; 7, step 11): fetched when a full proof is at hand, since a short
// one does without. Those of carbon (12) are fetched where the passport names what its footprint follows from.

export async function recompute(inputs) {
  const named = "evidence" in inputs.passport.statement.body;
  let rules, fold, carbon;
  try {
    [rules, fold, carbon] = await Promise.all([
      import("./rules.js"), import("./lots/recompute.js"), named ? import("./carbon/evidence.js") : null,
    ]);
  } catch {
    return { computed: false, say: "inputs_only", facts: {} };
  }
  return fold.recompute(inputs, rules.default, carbon?.checkEvidence);
}
