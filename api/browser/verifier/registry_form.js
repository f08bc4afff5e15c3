// What is read of registry statements: these members, each of the type that SPEC 4.9 gives. No schema was applied to
// their bodies. A member whose name ends in "?" may be absent, and others may stand beside them.

import { refuse } from "./fault.js";
import { isObject } from "./statement.js";

const PARTY = { id: "text", name: "text", roles: ["text"], prefixes: ["text"] };
const RULES = { id: "text", digest: "text" };
const NEW_KEYS = [{ jwk: "object", proof: "text" }];
const FORMS = new Map([
  ["ledger", {
    uri: "text", origin: "text", log_keys: ["text"], operator: PARTY, keys: NEW_KEYS, rules: RULES, incarnation: "integer",
  }],
  ["party", PARTY],
  ["key", {
    party: "text", "add?": NEW_KEYS, "end?": [{ kid: "text", reason: "text", "disputed_from?": "integer" }], "recovery?": "truth",
  }],
  ["notice", { "rules?": { ...RULES, from_index: "integer" } }],
]);
const TYPES = {
  text: (value) => typeof value === "string",
  integer: (value) => typeof value === "number",
  truth: (value) => typeof value === "boolean",
  object: isObject,
};

export function checkForm({ typ, body }, index) {
  if (!fits(body, FORMS.get(typ) ?? {})) {
    refuse("body", `the body of the ${typ} statement at entry ${index} is not in the form of SPEC 4.9`);
  }
}

function fits(value, form) {
  if (typeof form === "string") return TYPES[form](value);
  if (Array.isArray(form)) return Array.isArray(value) && value.every((one) => fits(one, form[0]));
  return isObject(value) && Object.entries(form).every(([name, of]) => has(value, name, of));
}

function has(members, name, form) {
  const bare = name.replace("?", "");
  return bare in members ? fits(members[bare], form) : bare !== name;
}
