// What the page's fold makes of parks: one JSON park a line on standard input, one JSON answer a line. A park has `events`
// ({ body, iss, wrong, recordedAt }), `operator`, `sites` (pairs) and `profiles` of parties.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { Book } = await import(new URL("../lots/book.js", folder));
const { readEvent } = await import(new URL("../lots/event.js", folder));
const { apply } = await import(new URL("../lots/fold.js", folder));
const { decode } = await import(new URL("strict_json.js", folder));

const plain = (_, value) => {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Map ? Object.fromEntries(value) : value;
};

function folded({ events, operator, sites, profiles }) {
  const book = new Book(), party = (iss) => ({ profile: profiles[iss] });
  for (const [index, { body, iss, wrong, recordedAt }] of events.entries()) {
    const event = readEvent({ body, iss, jti: "urn:jti" }, { index, recordedAt: BigInt(recordedAt), party: party(iss) });
    apply(book, event, { operator, sites: new Map(sites), wrong });
  }
  return { lots: [...book.lots.values()], effects: [...book.effects.values()] };
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = folded(decode(new TextEncoder().encode(line), "a park"));
  } catch (error) {
    said = { error: `${error.stack}` };
  }
  process.stdout.write(`${JSON.stringify(said, plain)}\n`);
}
