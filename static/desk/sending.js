// What could not be sent: a desk that is not connected says so, in one way for all that one may press.

import { toast } from './page.js';

/** What was not done, and what to do now. `frame`: what was to be sent. */
export const notSent = (word, { type }) => word('notSent', { what: word(`not_${type}`) });

/** What may not have been done: the answer was lost, or what was asked. */
export const perhapsNot = (word, { type }) => word('perhapsNot', { what: word(`not_${type}`) });

/** What is pressed without a window of its own: it is said where it could not be sent, and where no answer came. */
export class Aloud {
  constructor({ send, word }) {
    Object.assign(this, { out: send, word });
    this.unanswered = new Map(); // by the `ref` of the frame
  }

  /** Answers whether it went out. */
  send(frame) {
    const isSent = this.out(frame);
    if (isSent) this.unanswered.set(frame.ref, frame);
    else toast(notSent(this.word, frame));
    return isSent;
  }

  answered({ ref }) {
    this.unanswered.delete(ref);
  }

  /** The line is lost: what was not answered may have arrived, or not. */
  lost() {
    for (const frame of this.unanswered.values()) toast(perhapsNot(this.word, frame));
    this.unanswered.clear();
  }
}

/** What must arrive and needs nobody to look on: sent as soon as there is a line, and again until it is answered. */
export class Owed {
  constructor(send) {
    this.out = send;
    this.frames = new Map(); // by their `ref`
  }

  send(frame) {
    this.frames.set(frame.ref, frame);
    this.out(frame);
  }

  holds(ref) {
    return this.frames.has(ref);
  }

  answered({ ref }) {
    this.frames.delete(ref);
  }

  /** The server cannot take it now: it may be asked again after so many seconds. */
  later(seconds) {
    setTimeout(() => this.again(), seconds * 1000);
  }

  /** There is a line again. */
  again() {
    for (const frame of this.frames.values()) this.out(frame);
  }
}
