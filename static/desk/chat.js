// One chat on the desk: its events, what is on its way, what is unread. No page in here.

import { Pace } from '../chat/paced.js';
import { Outbox, Transcript } from '../chat/store.js';
import { joined } from '../chat/words.js';
import { StaffNotes, newsOf } from './notes.js';

export const isRunning = (state) => state === 'active' || state === 'on_hold';

export class Chat {
  /** `me()`: the id of the agent at this desk. */
  constructor(session, { send, onOutbox, me = () => undefined, seen = 0 }) {
    this.session = session;
    this.me = me;
    this.holder = undefined; // who had the chat at the last event
    this.pace = new Pace((frame) => send({ ...frame, session }));
    this.send = (frame) => this.pace.send(frame);
    this.transcript = new Transcript();
    this.notes = new StaffNotes();
    this.outbox = new Outbox({ send: this.send, onChange: (item) => onOutbox(this, item) });
    this.facts = { state: 'active', name: null, department: null, language: null, requested_at: null, accepted_at: null, outcome: null, emergency: null, retained: false, transfer_pending: false, transfer: null, transfers: 0, held_at: null, away_since: null };
    this.seen = seen;
    this.readByOther = 0;
    this.draft = '';
    this.noteDraft = '';
    this.stopped = []; // texts that the screening stopped, in order: { item, code, spans, detail, rule, data, askedAt, releasedBy }
  }

  get isRunning() {
    return isRunning(this.facts.state);
  }

  /** All that is written, or was stopped, and that nobody has. */
  get unsaid() {
    const late = this.isRunning ? [] : this.outbox.items; // what is on its way in a chat that runs arrives
    return joined(...late.map(({ text }) => text), ...this.stopped.map(({ item }) => item.text), this.draft, this.noteDraft);
  }

  /** All that was meant for the resident and that they do not have yet. */
  get unsentReply() {
    return joined(...[...this.outbox.items, ...this.stopped.map(({ item }) => item)].map(({ text }) => text), this.draft);
  }

  get hasDraft() {
    return Boolean(this.unsaid);
  }

  learn(facts) {
    for (const [key, value] of Object.entries(facts)) if (value !== undefined) this.facts[key] = value;
  }

  /** Take an event in; false if it was known. */
  hear(event) {
    if (!this.transcript.add(event)) return false;
    if (event.from === 'customer' && event.name) this.learn({ name: event.name });
    if (event.seq === 1) this.learn({ requested_at: event.at });
    if (event.kind === 'joined') this.holder = event.data?.agent;
    const wasMine = this.holder === undefined || this.holder === this.me(); // not what others did before
    const news = {
      joined: { state: 'active', accepted_at: event.at },
      left: wasMine && { state: 'gone' },
      requeued: wasMine && { state: 'gone' },
      held: { state: 'on_hold', held_at: event.at },
      resumed: { state: 'active', held_at: null },
      ended: { state: 'ended', outcome: event.data?.outcome, ended_at: event.at },
    }[event.kind];
    if (news) this.learn(news);
    if (this.outbox.has(event.id)) this.outbox.settle(event.id);
    return true;
  }

  /** Take in what staff alone see; false if it was known. */
  noted(entry) {
    if (!this.notes.add(entry)) return false;
    this.learn(newsOf(entry, this.facts));
    return true;
  }

  /** The number of the event after which a staff entry stands: its message and what the system said to it, else by time. */
  eventBefore({ at, data }) {
    const { events } = this.transcript;
    let last = data.seq ?? 0;
    const isFollowUp = (event) => event?.from === 'system' && new Date(event.at) <= new Date(at);
    if (last) while (isFollowUp(events.get(last + 1))) last += 1;
    else for (const { seq, at: heard } of events.values()) if (seq > last && new Date(heard) <= new Date(at)) last = seq;
    return last;
  }

  /** The server has our message: the receipt stands for the event. `skew`: the server's clock less ours, in milliseconds. */
  acked({ id, seq, text }, skew) {
    const item = this.outbox.items.find((each) => each.id === id);
    if (!item) return null;
    const event = { type: 'event', session: this.session, seq, id, kind: 'message', from: 'agent', name: null, own: true, text: text ?? item.text, at: new Date(new Date(item.at).getTime() + skew).toISOString(), rule: null, data: {} };
    const isNew = this.transcript.add(event);
    this.outbox.settle(id);
    return isNew ? this.transcript.events.get(seq) : null;
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

  write(text, more) {
    this.pace.wrote();
    this.outbox.write(text, more);
  }

  /** Whether an event is what this agent wrote herself. `name`: hers. */
  static isOwn({ from, own, name: writer }, name) {
    return from === 'agent' && Boolean(own || !writer || writer === name);
  }

  /** When the resident was first answered for, whoever did it; undefined while that is not known. */
  get joinedAt() {
    return this.transcript.inOrder().find(({ kind }) => kind === 'joined')?.at;
  }

  get last() {
    const events = this.transcript.inOrder().filter((event) => event.kind === 'message');
    return events[events.length - 1] ?? null;
  }
}
