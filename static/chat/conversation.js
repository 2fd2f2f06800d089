// The resident's side of one session: connection, events, messages on their way. No page in here.

import { Again } from './again.js';
import { Outbox, Transcript } from './store.js';
import { Pace } from './paced.js';
import { Poll } from './poll.js';
import { Socket } from './socket.js';

const SOCKET_TRIES = 2;

// What a kind of event says about where the session stands.
const NEWS = {
  joined: ({ name }) => ({ state: 'active', agent_name: name ?? null, position: null, had_agent: true }),
  left: () => ({ agent_name: null }),
  held: ({ name, at, data }) => ({ state: 'on_hold', held_since: data?.since ?? at, held_by: name ?? null }),
  resumed: () => ({ state: 'active', held_since: null }),
  requeued: () => ({ state: 'queued', agent_name: null, held_since: null }),
  ended: ({ from, at, data }) => ({ state: 'ended', ended_by: from, ended_at: at, outcome: data?.outcome }),
};

export class Conversation {
  /** `on`: { event(event), masked(event), outbox(item, gone), state(session), link(state, why), typing(name), read(seq), slow(detail), refused(detail) } */
  constructor({ addresses, session, token, kept, on }) {
    Object.assign(this, { addresses, session, token, on });
    this.transcript = new Transcript();
    this.status = { state: null, position: null, estimated_wait_seconds: null, agent_name: null };
    this.outbox = new Outbox({ send: (frame) => this.send(frame), onChange: (item) => on.outbox(item), kept });
    this.pace = new Pace((frame) => this.link?.send(frame) ?? false);
    this.skew = 0; // the server's clock less ours, in milliseconds
    this.wanted = new Map(); // what was asked for and is not answered, by its `ref`
  }

  open() {
    this.isStopped = false;
    this.openSocket();
  }

  openSocket() {
    this.letGo();
    this.link = this.newSocket();
  }

  newSocket() {
    return new Socket({
      url: this.addresses.socket,
      hello: () => ({ type: 'hello', session: this.session, token: this.token, last_seq: this.transcript.cursor }),
      proof: () => this.resync(),
      onFrame: (frame) => this.receive(frame),
      onState: (state, why) => (this.isPolling ? this.triedIs(state, why) : this.linkIs(state, why)),
      onFailed: (times) => !this.isPolling && times >= SOCKET_TRIES && this.openPoll(),
    });
  }

  openPoll() {
    this.letGo();
    this.isPolling = true;
    this.link = new Poll({
      url: `${this.addresses.sessions}/${this.session}`,
      token: this.token,
      cursor: () => this.transcript.cursor,
      onFrame: (frame) => this.receive(frame),
      onState: (state, why) => this.pollIs(state, why),
    });
    this.again = new Again(() => this.newSocket());
  }

  /** Polls that work say that the network is there; only sockets that fail beside them are blocked by it. */
  pollIs(state, why) {
    this.pollWorks = state === 'open';
    this.isBlocked = false;
    this.linkIs(state, why);
    if (state === 'open') this.again.soon();
  }

  /** How the socket fares that is tried beside the poll. */
  triedIs(state, why) {
    if (state === 'open') this.goOver();
    if (state === 'stopped') this.linkIs(state, why);
    if (state !== 'lost') return;
    this.again.failed();
    if (this.isBlocked || !this.pollWorks || !navigator.onLine) return;
    this.isBlocked = true;
    this.on.link('open');
  }

  /** What the poll brought is in the cursor; what is on its way goes out again, with the same id. */
  goOver() {
    const socket = this.again.take();
    this.letGo();
    this.link = socket;
    this.linkIs('open');
  }

  letGo() {
    this.again?.stop();
    this.link?.stop();
    this.again = null;
    this.link = null;
    this.isPolling = this.isBlocked = this.pollWorks = false;
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.asking);
    this.outbox.close();
    this.letGo();
  }

  linkIs(state, why) {
    if (state !== 'open') this.outbox.close();
    if (state === 'stopped') this.stop();
    this.on.link(state, why);
  }

  resync() {
    return { type: 'resync', last_seq: this.transcript.cursor };
  }

  send(frame) {
    return this.pace.send(frame);
  }

  receive(frame) {
    const takers = {
      welcome: () => this.welcomed(frame),
      event: () => this.heard(frame),
      redacted: () => this.redacted(frame),
      ack: () => this.acked(frame),
      ok: () => this.answered(frame),
      error: () => this.failed(frame),
      queue: () => this.moved(frame),
      typing: () => this.on.typing(),
      read: () => this.on.read(frame.seq),
    };
    takers[frame.type]?.();
  }

  welcomed(frame) {
    this.lastSeq = frame.last_seq;
    this.skew = new Date(frame.server_time).getTime() - Date.now();
    this.status = { ...this.status, ...frame.session };
    this.on.state(this.status);
    this.outbox.open();
    this.askAgain();
    this.rest();
  }

  moved({ position, estimated_wait_seconds: estimate }) {
    this.status = { ...this.status, position, estimated_wait_seconds: estimate };
    this.on.state(this.status);
  }

  heard(event) {
    if (!this.transcript.add(event)) return;
    this.follow(event);
    this.on.event(this.transcript.events.get(event.seq));
    if (event.kind === 'redacted') this.showMasked(event.data.seq);
    this.settle(event.id);
    if (this.transcript.hasHole) this.askForHole();
    this.rest();
  }

  /** An own message may come back as an event, when its `ack` was lost. */
  settle(id) {
    if (this.outbox.has(id)) this.outbox.settle(id);
  }

  askForHole() {
    if (this.askedFor === this.transcript.cursor) return;
    this.askedFor = this.transcript.cursor;
    this.send(this.resync());
  }

  redacted({ seq, text }) {
    this.transcript.redact(seq, text);
    this.showMasked(seq);
  }

  showMasked(seq) {
    const event = this.transcript.events.get(seq);
    if (event) this.on.masked(event);
  }

  acked({ id, seq, text }) {
    const item = this.outbox.items.find((each) => each.id === id);
    if (!item) return;
    const event = { type: 'event', seq, id, kind: 'message', from: 'customer', text: text ?? item.text, at: item.at, rule: null, data: {} };
    if (this.transcript.add(event)) this.on.event(this.transcript.events.get(seq));
    this.outbox.settle(id);
    if (this.transcript.hasHole) this.askForHole();
    this.rest();
  }

  /** The server has what was asked, or will not have it: it need not be asked again. */
  answered({ ref }) {
    this.wanted.delete(ref);
  }

  failed({ code, id, ref, detail, emergency, retry_after: seconds = 5 }) {
    if (Outbox.isForNow(code) && this.outbox.has(id)) {
      this.delay(seconds, code === 'slow_down' ? null : detail);
      return;
    }
    if (Outbox.isForNow(code) && this.wanted.has(ref)) {
      clearTimeout(this.asking);
      this.asking = setTimeout(() => this.askAgain(), seconds * 1000);
      return;
    }
    if (code === 'slow_down') return; // a sign of typing, or the like: nothing is lost by it
    this.answered({ ref });
    if (id) {
      this.outbox.refuse(id, detail, emergency);
    } else {
      this.on.refused(detail);
    }
  }

  /** `detail`: why, where it is not the writer's pace. */
  delay(seconds, detail) {
    this.outbox.wait(seconds);
    this.on.slow(detail);
  }

  follow(event) {
    const news = NEWS[event.kind]?.(event);
    if (!news) return;
    this.status = { ...this.status, ...news };
    this.on.state(this.status);
  }

  get isOver() {
    return this.status.state === 'ended';
  }

  /** After the end nothing comes any more: let the connection go once all is told. */
  rest() {
    const { cursor, hasHole } = this.transcript;
    if (this.isOver && this.outbox.isEmpty && cursor >= this.lastSeq && !hasHole && !this.isStopped) {
      this.stop();
      this.on.link('rested');
    }
  }

  write(text) {
    this.pace.wrote();
    return this.outbox.write(text);
  }

  typing() {
    if (!this.isOver) this.pace.typing();
  }

  /** Ask for something until it is answered: a line that is dead without knowing it takes what is sent, and loses it. */
  want(type) {
    this.wanted.set(type, { type, ref: type });
    this.send(this.wanted.get(type));
  }

  askAgain() {
    clearTimeout(this.asking);
    if (!this.isOver) for (const frame of this.wanted.values()) this.send(frame);
  }

  /** "I am still here." */
  here() {
    this.want('here');
  }

  /** The resident has seen everything up to here; only what an agent wrote is worth a receipt. */
  read() {
    const { cursor, events } = this.transcript;
    let seq = cursor;
    while (seq && !(events.get(seq).from === 'agent' && events.get(seq).kind === 'message')) seq -= 1;
    if (seq && !this.isOver) this.pace.read(seq);
    return cursor;
  }

  end() {
    this.want('end');
  }
}
