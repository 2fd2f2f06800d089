// One WebSocket that comes back by itself. It knows frames and close codes, nothing of chats.

import { PASSING } from './paced.js';

const GIVE_UP = { 4401: 'unauthorized', 4403: 'forbidden', 4409: 'elsewhere' };
const FIRST_DELAY = 500;
const LONGEST_DELAY = 15000;
const PROOF_EVERY = 25000;
const PROOF_WITHIN = 10000;

export class Socket {
  /**
   * `hello()` returns the first frame, `proof()` a frame that the server answers (a `resync`).
   * `onState(state, code)`: connecting, open (greeted by `welcome`), lost, stopped; `onFailed()`: never opened, again.
   */
  constructor({ url, hello, proof, onFrame, onState, onFailed = () => {} }) {
    Object.assign(this, { url, hello, proof, onFrame, onState, onFailed });
    this.failures = 0;
    this.isOver = false;
    this.wakeUp = () => this.retryNow();
    this.cutOff = () => this.socket && this.drop();
    window.addEventListener('online', this.wakeUp);
    window.addEventListener('offline', this.cutOff);
    window.addEventListener('pageshow', this.wakeUp);
    this.connect();
  }

  connect() {
    clearTimeout(this.retry);
    this.retry = null;
    this.onState('connecting');
    const socket = new WebSocket(this.url);
    let opened = false;
    this.socket = socket;
    socket.addEventListener('open', () => {
      opened = true;
      socket.send(JSON.stringify(this.hello()));
      if (this.socket === socket) this.doubtIt();
    });
    socket.addEventListener('message', (event) => {
      if (this.socket !== socket) return;
      const frame = JSON.parse(event.data);
      this.trust();
      if (frame.type === 'welcome') this.greeted();
      this.onFrame(frame);
    });
    socket.addEventListener('close', (event) => {
      if (this.socket === socket) this.closed(event.code, opened);
    });
  }

  greeted() {
    this.failures = 0;
    this.isGreeted = true;
    clearInterval(this.proving);
    this.proving = setInterval(() => this.prove(), PROOF_EVERY);
    this.onState('open');
  }

  /** A dead network looks like a silent one: ask for a sign now and then. */
  prove() {
    this.send(this.proof());
  }

  /** What is answered was sent: the line lives if something comes soon. */
  doubtIt() {
    this.doubt ??= setTimeout(() => this.drop(), PROOF_WITHIN);
  }

  trust() {
    clearTimeout(this.doubt);
    this.doubt = null;
  }

  drop() {
    const socket = this.socket;
    this.closed(1006, true);
    socket?.close();
  }

  closed(code, opened) {
    this.socket = null;
    this.isGreeted = false;
    clearInterval(this.proving);
    this.trust();
    if (this.isOver) return;
    if (GIVE_UP[code]) {
      this.stop();
      this.onState('stopped', GIVE_UP[code]);
      return;
    }
    this.failures += 1;
    this.onState('lost');
    if (!opened) this.onFailed(this.failures);
    if (!this.isOver) this.retry = setTimeout(() => this.connect(), this.delay(code));
  }

  delay(code) {
    if (code === 4429) return 10000;
    if (code === 1012 && this.failures === 1) return Math.random() * 1000;
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.failures - 1));
    return longest / 2 + Math.random() * (longest / 2);
  }

  retryNow() {
    if (this.retry && !this.isOver) this.connect();
  }

  /** False when there is no connection: the caller keeps what it wanted to send. */
  send(frame) {
    if (!this.isGreeted || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    if (!PASSING.includes(frame.type)) this.doubtIt();
    return true;
  }

  stop() {
    this.isOver = true;
    clearTimeout(this.retry);
    clearInterval(this.proving);
    this.trust();
    window.removeEventListener('online', this.wakeUp);
    window.removeEventListener('offline', this.cutOff);
    window.removeEventListener('pageshow', this.wakeUp);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}
