// What is nice to know (typing, read) must leave room for messages: the server bears 10 frames in 10 seconds.

export const TYPING_SHOWS = 5000;
export const PASSING = ['typing', 'read']; // types of frames that are not answered; nobody misses one
const TYPING_EVERY = 3000;
const READ_EVERY = 4000;
const WINDOW = 10000;
const ROOM_FOR_EXTRAS = 6;

/** What one side sends in one chat, and whether an extra frame fits in. */
export class Pace {
  constructor(send) {
    this.out = send;
    this.sent = [];
    this.typedAt = 0;
    this.told = 0;
    this.wanted = 0;
    this.pause = null;
  }

  /** Send a frame that matters; answers whether it went out. */
  send(frame) {
    const isOut = this.out(frame);
    if (isOut) this.sent.push(Date.now());
    return isOut;
  }

  hasRoom() {
    const since = Date.now() - WINDOW;
    this.sent = this.sent.filter((at) => at > since);
    return this.sent.length < ROOM_FOR_EXTRAS;
  }

  typing() {
    if (Date.now() - this.typedAt < TYPING_EVERY || !this.hasRoom()) return;
    this.typedAt = Date.now();
    this.send({ type: 'typing' });
  }

  /** The next key after a sent message is news again. */
  wrote() {
    this.typedAt = 0;
  }

  /** Tell how far one has read: at once, then at most every few seconds, the last one always. */
  read(seq) {
    this.wanted = Math.max(this.wanted, seq);
    if (!this.pause) this.tell();
  }

  tell() {
    this.pause = null;
    if (this.wanted <= this.told) return;
    if (this.hasRoom() && this.send({ type: 'read', seq: this.wanted })) this.told = this.wanted;
    this.pause = setTimeout(() => this.tell(), READ_EVERY);
  }
}
