// What one side knows of a chat. The same for the resident's widget and the agent's desk.

import { uuid } from './keep.js';

/** The numbered events of one session: each once, in order, and how far the list has no hole. */
export class Transcript {
  constructor() {
    this.events = new Map();
    this.masked = new Map(); // seq of a message: its text since digits of it were masked
    this.cursor = 0;
    this.highest = 0;
  }

  /** Take an event in; false if it was known. */
  add(event) {
    if (!Number.isInteger(event.seq) || event.seq < 1 || this.events.has(event.seq)) return false;
    this.events.set(event.seq, this.masked.has(event.seq) ? { ...event, text: this.masked.get(event.seq) } : event);
    if (event.kind === 'redacted') this.redact(event.data.seq, event.data.text);
    this.highest = Math.max(this.highest, event.seq);
    while (this.events.has(this.cursor + 1)) this.cursor += 1;
    return true;
  }

  /** Events that exist but have not come: ask for them with `resync` from the cursor. */
  get hasHole() {
    return this.highest > this.cursor;
  }

  /** The server masked a text afterwards; it may be one that has not come yet. */
  redact(seq, text) {
    this.masked.set(seq, text);
    const event = this.events.get(seq);
    if (event) event.text = text;
  }

  inOrder() {
    return [...this.events.values()].sort((one, other) => one.seq - other.seq);
  }
}

/**
 * Messages on their way: one at a time, in the order they were written. A message leaves
 * when its `ack` (or its event) arrives; until then it is sent again, with the same id.
 */
export class Outbox {
  constructor({ send, onChange, kept = [] }) {
    this.send = send;
    this.onChange = onChange;
    this.items = kept.map((item) => ({ ...item, state: item.state === 'refused' ? 'refused' : 'unsent' }));
    this.isOpen = false;
    this.inFlight = null;
    this.pause = null;
  }

  get isEmpty() {
    return this.items.every((item) => item.state === 'refused');
  }

  has(id) {
    return this.items.some((item) => item.id === id);
  }

  /** `more`: members that go out with the message, such as what the writer confirmed. */
  write(text, more = {}) {
    const item = { id: uuid(), text, more, at: new Date().toISOString(), state: 'unsent' };
    this.items.push(item);
    this.onChange(item);
    this.next();
    return item;
  }

  /** The connection is there: whatever was in flight goes out again. */
  open() {
    this.isOpen = true;
    this.inFlight = null;
    this.next();
  }

  close() {
    this.isOpen = false;
    this.inFlight = null;
    clearTimeout(this.pause);
    this.pause = null;
  }

  next() {
    if (!this.isOpen || this.inFlight || this.pause) return;
    const item = this.items.find((each) => each.state === 'unsent');
    if (!item) return;
    this.inFlight = item.id;
    this.send({ type: 'message', id: item.id, text: item.text, ...item.more });
  }

  /** The server has it. Returns the item, or undefined if it was not ours. */
  settle(id) {
    const item = this.items.find((each) => each.id === id);
    if (item) this.items.splice(this.items.indexOf(item), 1);
    if (this.inFlight === id) this.inFlight = null;
    if (item) this.onChange(item);
    this.next();
    return item;
  }

  /** Whether a refusal of a message only asks for patience: it is kept, and goes out again. */
  static isForNow(code) {
    return code === 'slow_down' || code === 'unavailable';
  }

  /** The message is kept and goes out after `seconds`. */
  wait(seconds) {
    this.inFlight = null;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.pause = null;
      this.next();
    }, Math.max(1, seconds) * 1000);
  }

  /**
   * The server will not have it: it stays visible, with the reason, until the writer takes it back.
   * `emergency`: whom to call, if it spoke of one.
   */
  refuse(id, detail, emergency) {
    const item = this.items.find((each) => each.id === id);
    if (this.inFlight === id) this.inFlight = null;
    if (item) {
      item.state = 'refused';
      item.detail = detail;
      item.emergency = emergency;
      this.onChange(item);
    }
    this.next();
  }
}
