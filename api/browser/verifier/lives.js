// The incarnations of a ledger, and what became of an entry in later ones (SPEC 4.5). They stand in the bundle of a
// `ledger` statement of the newest: it holds the operator's whole history, under a checkpoint of a log key that the
// reader trusts.

import { equal } from "./bytes.js";
import { refuse } from "./fault.js";
import { parseBundle } from "./files.js";
import { parseVkey } from "./note.js";
import { parseStatement } from "./statement.js";

// Every incarnation that a bundle shows, oldest first. Whether the bundle holds, the caller has found out.
export function livesOf(bytes) {
  const shown = parseBundle(bytes).entries.filter((one) => one.wire !== null);
  const said = shown.map(({ entry, wire }) => ({ index: entry.index, ...parseStatement(wire) }));
  return said.filter(({ typ }) => typ === "ledger").map(({ index, body }) => (
    { index, incarnation: body.incarnation, origin: body.origin, vkeys: body.log_keys.map(parseVkey) }
  ));
}

// The trust file, and the log keys of earlier incarnations as the ledger itself names them.
export function withLives(trust, lives) {
  const more = lives.flatMap((life) => life.vkeys).filter((vkey, i, all) => (
    [...trust.vkeys, ...all.slice(0, i)].every((known) => !equal(known.raw, vkey.raw))
  ));
  return { ...trust, logs: [...trust.logs, ...more], vkeys: [...trust.vkeys, ...more] };
}

// (3) It was recorded, as is proven by now, and is not in the ledger any more, as the ledger itself says.
export function checkLost(lives, { origin }, index) {
  const then = lives.find((life) => life.origin === origin);
  const later = then && lives.find((life) => life.incarnation > then.incarnation && life.index <= index);
  if (later) {
    refuse("lost", `entry ${index} was recorded under ${origin} and lost in a restore: incarnation ${later.incarnation} of the ledger begins at entry ${later.index}`);
  }
}
