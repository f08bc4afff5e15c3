// What was verified does not hold, or its bytes are not in the form that SPEC gives. `code` is SPEC's stable word.

export class Fault extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

export function refuse(code, sentence) {
  throw new Fault(code, sentence);
}

// Text of a file in a sentence of ours: short, and ASCII.
export function brief(value) {
  const text = Object(value) === value ? JSON.stringify(value) : String(value);
  return `"${text.slice(0, 60).replace(/[^ -~]/g, "?")}"`;
}
