// What is new and not yet looked at: a number for the host page and for the title, never a word.

import { forTab } from './keep.js';

const NEWS = ['message', 'joined', 'ended', 'notice'];

export class Attention {
  constructor(page) {
    this.page = page;
    this.title = document.title;
    this.unread = 0;
    this.isRunning = false;
  }

  /** An event has come. */
  note(event) {
    if (event.from === 'customer' || !NEWS.includes(event.kind)) return;
    if (this.page.isRead() || event.seq <= (forTab.get('seen') ?? 0)) return;
    this.unread += 1;
    this.tell();
  }

  /** Everything up to `seq` has been looked at. */
  saw(seq) {
    forTab.set('seen', seq);
    if (!this.unread) return;
    this.unread = 0;
    this.tell();
  }

  runs(isRunning) {
    this.isRunning = isRunning;
    this.tell();
  }

  over() {
    this.unread = 0;
    this.runs(false);
  }

  tell() {
    const label = this.unread === 1 ? this.page.word('newOne') : this.page.word('newMany', { n: this.unread });
    this.page.host.state({ running: this.isRunning, unread: this.unread, label: this.unread ? label : '' });
    if (!this.page.host.isFramed) document.title = this.unread ? `(${this.unread}) ${this.title}` : this.title;
  }
}
