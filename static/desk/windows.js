// The same chat in two windows of one agent: each says which chat is in front and whether it is written in.

import { uuid } from '../chat/keep.js';
import { find } from './page.js';

const SAID_EVERY = 5000;
const BELIEVED = 12000; // a window that was killed says nothing any more
const WRITING = 6000;

export class Windows {
  constructor({ word }) {
    Object.assign(this, { word, id: uuid(), others: new Map(), session: null });
    this.strip = find('[data-strip="twice"]');
    if (!('BroadcastChannel' in window)) return;
    this.channel = new BroadcastChannel('townline-desk');
    this.channel.addEventListener('message', ({ data }) => this.heard(data));
    window.addEventListener('pagehide', () => this.say({ session: null }));
    window.addEventListener('pageshow', () => this.say());
    setInterval(() => this.say(), SAID_EVERY);
  }

  /** This chat is in front here. */
  show(chat) {
    this.chat = chat;
    if (this.session === (chat?.session ?? null)) return;
    this.session = chat?.session ?? null;
    this.say({ asks: true });
  }

  typing() {
    if (Date.now() - (this.typedAt ?? 0) < WRITING / 3) return;
    this.typedAt = Date.now();
    this.say({ isWriting: true });
  }

  say(more = {}) {
    this.channel?.postMessage({ id: this.id, session: this.session, ...more });
  }

  heard({ id, session, isWriting, asks }) {
    const at = Date.now();
    const writesUntil = isWriting ? at + WRITING : this.others.get(id)?.writesUntil ?? 0;
    if (session) this.others.set(id, { session, at, writesUntil });
    else this.others.delete(id);
    if (asks) this.say();
    this.draw();
  }

  draw() {
    const now = Date.now();
    const here = [...this.others.values()].filter((each) => each.session === this.session && now - each.at < BELIEVED);
    const isShown = Boolean(this.chat?.isRunning) && here.length > 0;
    this.strip.hidden = !isShown;
    const isWriting = here.some((each) => each.writesUntil > now);
    const name = this.chat?.facts.name ?? this.word('customer');
    const text = isShown ? this.word(isWriting ? 'writtenElsewhere' : 'openElsewhere', { name }) : '';
    const place = this.strip.querySelector('p');
    if (place.textContent !== text) place.textContent = text;
  }
}
