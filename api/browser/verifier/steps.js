// What a verification found, step by step (SPEC 7). Sentences are made by whoever shows them: a step that passed or was
// not checked has a `say`, a word for a sentence, and the facts in it. A failure has SPEC's code and a detail in English.

import { Fault } from "./fault.js";

const COUNT = 13;

export class Steps {
  constructor(of, watch = () => {}) {
    Object.assign(this, { of, watch, current: 0, done: new Map(), code: "", open: [], about: null, body: null, proven: null });
  }

  // What is refused from here on counts for this step.
  begin(number) {
    this.current = number;
  }

  passed(say, facts = {}) {
    this.set(this.current, "passed", say, facts);
  }

  notChecked(number, say, facts = {}) {
    this.set(number, "not_checked", say, facts);
  }

  // What the whole proves, if no step fails.
  proves(say, facts) {
    this.proven = { say, facts };
  }

  set(number, outcome, say, facts) {
    const step = { number, outcome, say, facts };
    this.done.set(number, step);
    this.watch(step);
  }

  // Run the procedure. Its first fault is the failed step and ends it: all after it would be said of data that are not
  // what they claim to be.
  async report(procedure) {
    try {
      await procedure();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.code = error.code;
      this.set(this.current, "failed", error.code, { detail: error.message });
    }
    for (let number = 1; number <= COUNT; number++) {
      if (!this.done.has(number)) this.notChecked(number, "not_reached", { step: this.current });
    }
    const steps = [...this.done.values()].sort((a, b) => a.number - b.number);
    const { of, code, open, about, body, proven } = this;
    return { of, verified: !code, code, steps, open, about, body, proven };
  }
}
