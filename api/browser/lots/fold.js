// The fold: one lot event, in ledger order, over the book (SPEC 5). What a rule refuses throws: it was recorded, so the
// events before it are not those that the ledger had.

import { Booking } from "./booking.js";
import { NOBODY } from "./book.js";
import { declare, hadBefore, placesOf, replacedBy, settle } from "./correcting.js";
import { callBack, checkDescribed, noteAttributes, receive, sell, ship } from "./custody.js";
import { partsIn } from "./event.js";
import { commission, count, end, hold, release } from "./observing.js";
import { pack, takeOut } from "./packing.js";
import { checkSomeHere, checkWorker } from "./taking.js";
import { checkProcess, transform } from "./transforming.js";
import { weighNamed } from "./weighing.js";

const HOUR = 3600000000n; // µs
const PACKING = ["AggregationEvent", "AssociationEvent"];

// Write what the event does into the book. `wrong` is the entry that a declaration of error is about, `sites` has the party
// of each registered site. Claims (5.9) change no mass, no trace and no share; they are not judged.
export function apply(book, event, { operator, sites, wrong = NOBODY }) {
  book.effects.set(event.index, event.declares ? declare(book, event, wrong) : effectsOf(book, event, operator, sites));
}

function effectsOf(book, event, operator, sites) {
  const replaces = replacedBy(book, event), lenient = replaces !== NOBODY;
  const before = lenient ? { lenient, standing: placesOf(book, replaces), ...hadBefore(book, replaces) } : {};
  const booking = new Booking(book, event, { sites, ...before });
  act(booking, operator);
  const late = event.recordedAt - event.time;
  if (late > 24n * HOUR) booking.find("late_statement", "", `it was recorded ${late / HOUR} h after it happened`);
  if (lenient) settle(booking, replaces);
  return { ...booking.effects(), replaces };
}

function act(booking, operator) {
  const { type } = booking.event;
  if (type === "TransformationEvent") transform(booking);
  else if (type === "ObjectEvent") onObjects(booking, operator);
  else onUnits(booking);
}

function onUnits(booking) {
  const { type, action } = booking.event, packs = PACKING.includes(type);
  if (packs && action === "ADD") pack(booking);
  else if (packs && action === "DELETE") takeOut(booking);
  else checkKnown(booking);
  weighNamed(booking);
}

const MOVEMENTS = { shipping: ship, receiving: receive, void_shipping: callBack };

function onObjects(booking, operator) {
  const { action, step } = booking.event;
  if (action === "ADD") return commission(booking);
  if (action === "DELETE") return end(booking);
  if (Object.hasOwn(MOVEMENTS, step)) {
    MOVEMENTS[step](booking);
  } else {
    look(booking, operator);
    checkDescribed(booking);
    sell(booking);
  }
  noteAttributes(booking);
  if (!["shipping", "receiving"].includes(step)) weighNamed(booking); // these weigh what they take
  return undefined;
}

function look(booking, operator) {
  const { event } = booking;
  checkKnown(booking);
  checkProcess(event);
  // Who runs a process step on a lot has it (5.3).
  for (const { id } of event.process ? event.things : []) {
    checkWorker(booking, booking.lot(id));
    checkSomeHere(booking, booking.lot(id));
  }
  if (event.step === "holding") hold(booking, operator);
  else if (event.step === "stock_taking") count(booking);
  else release(booking, operator);
}

// An event that names a lot nobody introduced is refused, also where it only looks at it (5.1).
function checkKnown(booking) {
  for (const part of partsIn(booking.event)) booking.lot(part.id);
  if (booking.event.parent) booking.lot(booking.event.parent);
}
