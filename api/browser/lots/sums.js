// What went in and came out of one event, and of all of a run or month that stand: what is balanced (SPEC 5.4). In g, `gave`
// with losses; `inputs` and `outputs` by material, of oxide in millionths of a g of Al2O3. `unanalysed` is how often bauxite
// came without its analysis, `unweighed` how many pieces had no mass, `scale` the error of the scales on the output side.
// `kinds` has how many events are of each kind of process, `closing` how many have to close, `alloys` how many inputs are
// of each.

const COUNTED = ["took", "gave", "oxideIn", "oxideOut", "unanalysed", "unweighed", "scale", "closing"];
const BY_NAME = ["inputs", "outputs", "kinds", "alloys"];

export function newSums(members = {}) {
  const none = [...COUNTED.map((name) => [name, 0n]), ...BY_NAME.map((name) => [name, new Map()])];
  return { ...Object.fromEntries(none), ...members };
}

// With another event, or without one where `times` is -1n.
export function plus(sums, more, times = 1n) {
  const counted = COUNTED.map((name) => [name, sums[name] + times * more[name]]);
  return Object.fromEntries([...counted, ...BY_NAME.map((name) => [name, added(sums[name], more[name], times)])]);
}

// What comes to nothing is not there.
function added(sums, more, times) {
  const all = new Map(sums);
  for (const [name, one] of more) all.set(name, (all.get(name) ?? 0n) + times * one);
  return new Map([...all].filter(([, one]) => one));
}

// So many g, or so often, by name.
export function byName(rows) {
  return rows.reduce((sums, [name, g]) => sums.set(name, (sums.get(name) ?? 0n) + g), new Map());
}
