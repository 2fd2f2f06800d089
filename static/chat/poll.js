// The same chat over plain HTTP, for networks that let no socket through: long polling, frames by POST.

import { PASSING } from './paced.js';

const WAIT_SECONDS = 20;
const LONGEST_DELAY = 15000;

export class Poll {
  constructor({ url, token, cursor, onFrame, onState }) {
    Object.assign(this, { url, token, cursor, onFrame, onState });
    this.failures = 0;
    this.isOver = false;
    this.abort = new AbortController();
    this.wakeUp = () => this.goOn?.();
    this.cutOff = () => this.turn?.abort();
    window.addEventListener('online', this.wakeUp);
    window.addEventListener('offline', this.cutOff);
    this.onState('connecting');
    this.go();
  }

  async go() {
    let first = true;
    while (!this.isOver) {
      try {
        await this.once(first);
        first = false;
        this.failures = 0;
      } catch (failure) {
        if (this.isOver) return;
        first = true;
        this.failures += 1;
        this.onState('lost');
        await this.rest(Math.min(LONGEST_DELAY, 500 * 2 ** this.failures));
      }
    }
  }

  /** Wait for a while, or until the network is back. */
  rest(time) {
    return new Promise((done) => {
      this.goOn = done;
      setTimeout(done, time);
    });
  }

  async once(first) {
    const wait = first ? 0 : WAIT_SECONDS;
    this.turn = new AbortController();
    const answer = await this.fetch(`/events?after=${this.cursor()}&wait=${wait}`, { signal: this.turn.signal });
    if (answer.status === 401) {
      this.stop();
      this.onState('stopped', 'unauthorized');
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const body = await answer.json();
    if (this.isOver) return;
    const { events, last_seq: lastSeq, server_time: serverTime, state, position, estimated_wait_seconds: estimate } = body;
    for (const event of events) this.onFrame(event);
    if (this.isOver) return;
    if (first) {
      this.onState('open');
      this.onFrame({ type: 'welcome', session: { state, position, estimated_wait_seconds: estimate }, last_seq: lastSeq, server_time: serverTime });
    } else if (state === 'queued') {
      this.onFrame({ type: 'queue', position, estimated_wait_seconds: estimate });
    }
  }

  fetch(path, options = {}) {
    const headers = { Authorization: `Bearer ${this.token}`, ...options.headers };
    return fetch(`${this.url}${path}`, { credentials: 'omit', cache: 'no-store', signal: this.abort.signal, ...options, headers });
  }

  send(frame) {
    if (this.isOver) return false;
    this.post(frame);
    return true;
  }

  async post(frame) {
    const options = { method: 'POST', body: JSON.stringify(frame), headers: { 'Content-Type': 'application/json' } };
    try {
      const answer = await this.fetch('/frames', options);
      const body = await answer.json();
      if (this.isOver || PASSING.includes(frame.type)) return;
      this.onFrame({ type: 'error', id: frame.id, ref: frame.ref, ...body });
    } catch (failure) {
      if (!this.isOver && !PASSING.includes(frame.type)) this.onFrame({ type: 'error', code: 'slow_down', detail: '', retry_after: 3, id: frame.id, ref: frame.ref });
    }
  }

  stop() {
    this.isOver = true;
    this.abort.abort();
    this.turn?.abort();
    window.removeEventListener('online', this.wakeUp);
    window.removeEventListener('offline', this.cutOff);
  }
}
