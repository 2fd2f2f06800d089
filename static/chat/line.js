// The status line: what is so for a while, what is said in passing, and who is typing.

import { TYPING_SHOWS } from './paced.js';

const NOTICE_SHOWS = 6000;

export class StatusLine {
  constructor(node) {
    this.node = node;
    this.lasting = '';
  }

  /** Say what stays until something else does. */
  keep(text) {
    clearTimeout(this.clearing);
    this.lasting = text;
    this.node.textContent = text;
  }

  /** Say something in passing; what stays comes back after it. */
  say(text) {
    clearTimeout(this.clearing);
    this.node.textContent = text;
    this.clearing = setTimeout(() => this.keep(this.lasting), NOTICE_SHOWS);
  }

  typing(text) {
    clearTimeout(this.clearing);
    clearTimeout(this.typingEnds);
    this.node.textContent = text;
    this.isTyping = true;
    this.typingEnds = setTimeout(() => this.stopTyping(), TYPING_SHOWS);
  }

  stopTyping() {
    clearTimeout(this.typingEnds);
    if (this.isTyping) this.keep(this.lasting);
    this.isTyping = false;
  }
}
