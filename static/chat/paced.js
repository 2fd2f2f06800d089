// What is nice to know (typing, read) must not use up the frames that a sender has: 10 in 10 seconds.

export const TYPING_EVERY = 5000;
export const TYPING_SHOWS = 7000;
const READ_EVERY = 4000;

/** Tells the other side how far one has read: at once, then at most every few seconds, the last one always. */
export class ReadReceipts {
  /** `send(seq)` answers whether it went out. */
  constructor(send) {
    this.send = send;
    this.told = 0;
    this.wanted = 0;
    this.pause = null;
  }

  upTo(seq) {
    this.wanted = Math.max(this.wanted, seq);
    if (!this.pause) this.tell();
  }

  tell() {
    this.pause = null;
    if (this.wanted <= this.told || !this.send(this.wanted)) return;
    this.told = this.wanted;
    this.pause = setTimeout(() => this.tell(), READ_EVERY);
  }
}
