// The rules by which a passport is computed again (SPEC 5; 7, step 11): fetched when a full proof is at hand, since a short
// one does without.

export async function recompute(inputs) {
  let rules, fold;
  try {
    [rules, fold] = await Promise.all([import("./rules.js"), import("./lots/recompute.js")]);
  } catch {
    return { computed: false, say: "inputs_only", facts: {} };
  }
  return fold.recompute(inputs, rules.default);
}
