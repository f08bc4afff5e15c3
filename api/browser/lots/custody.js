// Who has what: shipping, receiving, shipments that did not happen, sales (SPEC 5.3), and lots heard of late (5.1).

import { refuse } from "../verifier/fault.js";
import { dueOf } from "./astray.js";
import { introduce, madeInstead, saidOf } from "./booking.js";
import { NOBODY, ON_HAND, has, isFrom, lateFrom, onHand, without } from "./book.js";
import { abs, grams, least, sum } from "./exact.js";
import { withContents } from "./packing.js";
import { judgeTold } from "./products.js";
import { same } from "./same.js";
import { checkHolder, take } from "./taking.js";
import { weigh, weighedBefore } from "./weighing.js";

const BULK = ["bauxite", "alumina", "residue"];

// A delivery is one sender's paper; without paper, what is under way from one party to another.
export const deliveryName = ({ sender, issuer, document, receiver }) => `${sender || issuer} ${document || `to ${receiver}`}`;

export function ship(booking) {
  const { event } = booking;
  if (event.sender && event.sender !== event.issuer) refuse("not_holder", `${event.issuer} cannot ship what ${event.sender} has`);
  openDelivery(booking);
  const going = [...withContents(booking, event.things)], names = new Set(going.map((part) => part.id));
  for (const part of going) send(booking, part, names);
}

// One paper goes to one receiver, as long as anything is on it.
function openDelivery({ event, book }) {
  const name = deliveryName(event), known = book.deliveries.get(name), { issuer, receiver } = event;
  if (!known) return void book.deliveries.set(name, { name, sender: issuer, receiver, lines: new Map() });
  if (known.receiver === receiver) return undefined;
  if ([...known.lines.values()].some((line) => line.shipped || line.received)) refuse("delivery", `delivery ${name} goes to another`);
  return void book.deliveries.set(name, { ...known, receiver }); // all taken back (5.6)
}

function send(booking, part, going) {
  const { event, book } = booking, delivery = deliveryName(event), lot = booking.lot(part.id);
  if (lot.single && cameEarly(lot, event)) return sendLate(booking, lot);
  const inside = going.has(lot.inside) ? lot.inside : "";
  if (inside) book.change(lot, { inside: "" }); // it goes with its unit and stays in it
  const { g, owner } = take(booking, part, { consume: false });
  if (inside) book.change(booking.lot(part.id), { inside });
  const known = lot.single ? 0n : least(g, lateFrom(lot, event.issuer, event.receiver));
  booking.credit(part.id, g - known, { holder: event.issuer, owner: ownerAfter(event, owner), delivery });
  booking.move(delivery, part.id, { shipped: g, wet: BULK.includes(booking.lot(part.id).attributes.get("material")) });
  return known ? settleLate(booking, part.id, known, known) : undefined;
}

// Rule 5.1: a piece that is elsewhere too, or used up. What is here alone is what came early, going back.
function cameEarly(lot, { issuer, receiver }) {
  const elsewhere = lot.holdings.some((one) => one.holder !== issuer || one.delivery !== ON_HAND);
  return lateFrom(lot, issuer, receiver) > 0n && (elsewhere || lot.consumedBy !== NOBODY);
}

// A piece whose receiver was heard first: it is there already, and may have been used up since.
function sendLate(booking, lot) {
  const { event, book } = booking, { issuer } = event, { id } = lot, delivery = deliveryName(event);
  checkHolder(lot, issuer);
  const g = onHand(lot, issuer), arrived = lateFrom(lot, issuer, event.receiver);
  booking.debit(id, g, { holder: issuer });
  book.change(booking.lot(id), { holdings: without(booking.lot(id), issuer, ON_HAND) });
  booking.move(delivery, id, { shipped: g });
  settleLate(booking, id, g, arrived);
  judge(booking, delivery, id, true);
}

// What was received before its sender was heard is what has now been sent, the oldest first.
function settleLate(booking, name, g, arrived) {
  const { event } = booking, waiting = [];
  let left = arrived;
  for (const one of booking.lot(name).late) {
    const now = isFrom(one, event.issuer, event.receiver) ? least(left, one.g) : 0n;
    left -= now;
    if (now < one.g) waiting.push({ ...one, g: one.g - now });
    if (now) settleReceipt(booking, { lot: name, entry: one.entry, g: now, sender: one.sender });
  }
  booking.book.change(booking.lot(name), { late: waiting });
  booking.leave("late", g);
  booking.move(deliveryName(event), name, { received: arrived });
}

// Both entries say of each other that one had early what the other sent.
function settleReceipt({ book, event, settles }, row) {
  const receipt = book.effects.get(row.entry), sent = { ...row, entry: event.index };
  if (receipt) book.effects.set(row.entry, { ...receipt, settled: [...receipt.settled, sent] });
  settles.push(row);
}

// The receiver books its own weight, the difference stays on the delivery; what nobody here sent needs al:origin.
export function receive(booking) {
  const { things, origins } = booking.event;
  const outside = things.filter((part) => origins.has(part.id) && !met(booking, part));
  for (const part of outside) enterFromOutside(booking, part);
  for (const part of withContents(booking, things.filter((part) => !outside.includes(part)))) takeIn(booking, part);
}

// Called late, but its sender was heard in the meantime: it is received like anything else. What the receiver himself has
// sent off is no such thing.
function met(booking, { id }) {
  const { event, book } = booking, lot = book.lots.get(id), sent = lot ? sentTo(booking, lot) : null;
  if (!sent || event.origins.get(id).kind !== "late") return false;
  return sent.holder !== event.issuer || book.deliveries.get(sent.delivery).receiver === event.issuer;
}

export function enterFromOutside(booking, part) {
  const { event, book } = booking, origin = event.origins.get(part.id), { kind } = origin, { issuer } = event;
  const g = part.g ?? origin.g, known = book.lots.get(part.id);
  if (!known || !known.single || madeInstead(booking, known)) introduce(booking, { ...part, g }, kind, "");
  else if (lateBefore(booking, part.id, kind)) book.put(booking.describe(known)); // its maker was heard since
  else refuse("not_sent", `piece ${part.id} is known: it cannot come from outside once more`);
  booking.credit(part.id, g, { holder: issuer, owner: event.owner || issuer, kind });
  if (kind !== "late") return;
  const lot = booking.lot(part.id), sender = lot.single ? "" : event.sender; // whoever sends a piece that is here sends this one
  book.change(lot, { late: [...lot.late, { holder: issuer, entry: event.index, g, sender }] });
}

// The event whose place is taken had it before its sender was heard, and that goes for this one (5.6).
function lateBefore({ before }, lot, kind) {
  return kind === "late" && before.some((old) => old.credits.some((one) => one.lot === lot && one.kind === "late"));
}

function takeIn(booking, part) {
  const { event, book } = booking, { issuer } = event, lot = booking.lot(part.id), sent = sentTo(booking, lot);
  if (!sent) refuse("not_sent", `lot ${part.id} is on no delivery to ${issuer}: it is shipped, or has its al:origin`);
  const { delivery, holder } = sent;
  let underWay = sent.g;
  const [at] = lot.holdings, here = lot.holdings.some((one) => one.holder === holder && one.delivery === delivery);
  if (lot.single && lot.g === null && part.g !== null && (here || weighedBefore(booking, lot))) {
    weigh(booking, lot, part, holder, delivery);
    underWay = part.g;
  } else if (!here && at) weigh(booking, lot, part, at.holder, at.delivery);
  const g = lot.single ? underWay : (part.g ?? underWay); // a piece keeps its mass; another weight is a finding
  const arrived = lot.single ? underWay : least(g, underWay);
  booking.debit(part.id, arrived, { holder, delivery });
  if (lot.single) book.change(booking.lot(part.id), { holdings: without(booking.lot(part.id), holder, delivery) });
  const owner = event.owner || ownerHere(booking, delivery, sent.owner);
  booking.credit(part.id, arrived, { holder: issuer, owner });
  if (g > arrived) booking.credit(part.id, g - arrived, { holder: issuer, owner, kind: "delivery difference" });
  booking.move(delivery, part.id, { received: lot.single ? part.g || g : g });
  judge(booking, delivery, part.id);
}

// Where nobody speaks of owners, ownership goes with possession.
function ownerAfter(event, owner) {
  return event.owner || (owner === event.issuer && event.receiver ? event.receiver : owner);
}

// What comes back to its sender is his again, where the sending had made it the receiver's.
function ownerHere({ book, event }, delivery, owner) {
  const found = book.deliveries.get(delivery);
  return found && found.sender === event.issuer && found.receiver === owner ? event.issuer : owner;
}

// The holding that this receipt is about: on the delivery it names, else on the first to this receiver, or its own come back.
function sentTo(booking, lot) {
  const { book, event } = booking, there = [...dueOf(booking, lot), ...lot.holdings];
  const named = there.filter((one) => one.delivery === deliveryName(event));
  const fitting = named.length ? named : there.filter((one) => one.delivery !== ON_HAND);
  const found = fitting.find((one) => {
    const delivery = book.deliveries.get(one.delivery);
    if (!delivery) return false;
    return (!delivery.receiver && named.includes(one)) || [delivery.receiver, delivery.sender].includes(event.issuer);
  });
  return found ?? null;
}

// More than was sent is found at once; less only once all of it has come.
function judge(booking, name, lot, whole = false) {
  const line = booking.book.deliveries.get(name)?.lines.get(lot);
  if (!line || !(whole || line.received > line.shipped)) return;
  const { shipped, received, wet } = line;
  if (abs(shipped - received) * (wet ? 50n : 200n) <= shipped) return;
  booking.find("delivery_difference", lot, `${name}: ${grams(shipped)} of lot ${lot} left and ${grams(received)} arrived`);
}

// A shipment that did not happen: what is still under way is with its sender again.
export function callBack(booking) {
  const { event, book } = booking, { issuer } = event;
  for (const part of withContents(booking, event.things)) {
    const lot = booking.lot(part.id), there = [...dueOf(booking, lot), ...lot.holdings];
    const mine = there.filter((one) => one.holder === issuer && one.delivery !== ON_HAND);
    if (!mine.length) refuse("not_sent", `${issuer} has nothing of lot ${part.id} under way`);
    const one = mine.find(({ delivery }) => delivery === deliveryName(event)) ?? mine[0], { delivery } = one;
    const g = lot.single || part.g === null ? one.g : part.g;
    booking.debit(part.id, g, { holder: issuer, delivery });
    if (lot.single) book.change(booking.lot(part.id), { holdings: without(booking.lot(part.id), issuer, delivery) });
    booking.credit(part.id, g, { holder: issuer, owner: ownerHere(booking, delivery, one.owner) });
    booking.move(delivery, part.id, { shipped: -g });
  }
}

// Who owns what stays where it is may give it to another owner, whole.
export function sell(booking) {
  const { event, book } = booking, { issuer, owner } = event;
  if (!owner || event.seller !== issuer) return;
  for (const part of withContents(booking, event.things)) {
    const lot = booking.lot(part.id), mine = lot.holdings.filter((one) => one.owner === issuer && (lot.single || one.g > 0n));
    const owned = sum(mine.map((one) => one.g));
    if (!mine.length || (part.g !== null && !lot.single && part.g !== owned)) {
      refuse("owners", `${issuer} owns ${grams(owned)} of lot ${lot.id}, which is sold whole`);
    }
    book.change(lot, { holdings: lot.holdings.map((one) => (mine.includes(one) ? { ...one, owner } : one)) });
    booking.sold.push(...mine.map(({ holder, delivery }) => ({ lot: lot.id, holder, delivery, owner })));
  }
}

// What a lot is, say its maker and who has it; others repeat it.
export function checkDescribed(booking) {
  const { event, told } = booking;
  for (const part of event.things) {
    const lot = booking.lot(part.id);
    const said = [...saidOf(event, part.id)];
    const fresh = said.some(([name, value]) => !lot.attributes.has(name) || !same(lot.attributes.get(name), value));
    const his = event.issuer === lot.maker || has(lot, event.issuer) || told.has(lot.id); // or it was, as he spoke of it (5.6)
    if (fresh && !his) refuse("not_holder", `${event.issuer} cannot describe lot ${lot.id}`);
  }
}

// What an event says of things it only looks at: a new grade is a downgrade, the piece stays what it is (5.7).
export function noteAttributes(booking) {
  for (const { id } of booking.event.things) {
    if (!booking.event.attributes.has(id)) continue;
    booking.book.put(booking.describe(booking.lot(id)));
    judgeTold(booking, id);
  }
}
