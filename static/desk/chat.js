// One chat on the desk: its events, what is on its way, what is unread. No page in here.

import { Pace } from '../chat/paced.js';
import { Outbox, Transcript } from '../chat/store.js';

export class Chat {
  constructor(session, { send, onOutbox, seen = 0 }) {
    this.session = session;
    this.pace = new Pace((frame) => send({ ...frame, session }));
    this.send = (frame) => this.pace.send(frame);
    this.transcript = new Transcript();
    this.outbox = new Outbox({ send: this.send, onChange: (item) => onOutbox(this, item) });
    this.facts = { state: 'active', name: null, department: null, language: null, requested_at: null, accepted_at: null, outcome: null };
    this.seen = seen;
    this.readByOther = 0;
    this.draft = '';
  }

  get isRunning() {
    return this.facts.state === 'active' || this.facts.state === 'on_hold';
  }

  learn(facts) {
    for (const [key, value] of Object.entries(facts)) if (value !== undefined) this.facts[key] = value;
  }

  /** Take an event in; false if it was known. */
  hear(event) {
    if (!this.transcript.add(event)) return false;
    if (event.from === 'customer' && event.name) this.learn({ name: event.name });
    if (event.seq === 1) this.learn({ requested_at: event.at });
    const news = {
      joined: { state: 'active', accepted_at: event.at },
      left: { state: 'gone' },
      requeued: { state: 'gone' },
      ended: { state: 'ended', outcome: event.data?.outcome, ended_at: event.at },
    }[event.kind];
    if (news) this.learn(news);
    if (this.outbox.has(event.id)) this.outbox.settle(event.id);
    return true;
  }

  /** The server has our message: the receipt stands for the event. */
  acked({ id, seq, text }) {
    const item = this.outbox.items.find((each) => each.id === id);
    if (!item) return null;
    const event = { type: 'event', session: this.session, seq, id, kind: 'message', from: 'agent', name: null, own: true, text: text ?? item.text, at: item.at, rule: null, data: {} };
    const isNew = this.transcript.add(event);
    this.outbox.settle(id);
    return isNew ? event : null;
  }

  askForHole() {
    if (!this.transcript.hasHole || this.askedFor === this.transcript.cursor) return;
    this.askedFor = this.transcript.cursor;
    this.send({ type: 'resync', last_seq: this.transcript.cursor, ref: 'quiet' });
  }

  get unread() {
    let count = 0;
    for (const event of this.transcript.events.values()) if (event.seq > this.seen && event.from === 'customer' && event.kind === 'message') count += 1;
    return count;
  }

  /** Everything up to here was seen; what the resident wrote earns a receipt. */
  read() {
    const { cursor, events } = this.transcript;
    this.seen = Math.max(this.seen, cursor);
    let seq = cursor;
    while (seq && events.get(seq).from !== 'customer') seq -= 1;
    if (seq && this.isRunning) this.pace.read(seq);
  }

  typing() {
    if (this.isRunning) this.pace.typing();
  }

  write(text) {
    this.pace.wrote();
    this.outbox.write(text);
  }

  get last() {
    const events = this.transcript.inOrder().filter((event) => event.kind === 'message');
    return events[events.length - 1] ?? null;
  }
}
