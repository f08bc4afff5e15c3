// Factor sets come with the program; the page has those that formulas read as they lie there, held against their digest.

import { base64url, utf8 } from "../verifier/bytes.js";
import { sha256 } from "../verifier/sha2.js";
import { isObject } from "../verifier/statement.js";
import { decode } from "../verifier/strict_json.js";

const POTENTIALS = "ipcc-gwp/1";

// A function that has the warming potentials of a set, such as AR5, by gas (SPEC 12.7). `factors` are digests by the ids of
// sets, `sets` their bytes as text.
export function potentialsIn({ factors, sets }) {
  const data = utf8(sets[POTENTIALS]);
  if (base64url(sha256(data)) !== factors[POTENTIALS]) throw new Error(`the factor set ${POTENTIALS} of this page is another`);
  const { gwp } = decode(data, POTENTIALS).values;
  return (name) => (isObject(gwp[name]) ? gwp[name] : unknown(name));
}

function unknown(name) {
  throw new RangeError(`set ${name} of warming potentials is not known`);
}
