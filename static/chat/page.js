// What stands on the page: one screen at a time, the head above it, and where the focus goes.

import { Host } from './host.js';
import { wordsOf } from './words.js';

const IN_A_CHAT = ['talk', 'leave', 'elsewhere'];

export class Page {
  /** `onShown(wantsFocus)`, `onHidden()`: what the page that frames us did. */
  constructor(root, { onShown, onHidden }) {
    this.root = root;
    this.word = wordsOf(this.find('[data-words]'));
    this.limits = { text: Number(root.dataset.maxText), name: Number(root.dataset.maxName) };
    this.host = new Host(root.dataset.hosts.split(' ').filter(Boolean), { onShown, onHidden });
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  press(selector, act) {
    this.root.querySelectorAll(selector).forEach((node) => node.addEventListener('click', act));
  }

  screen(name) {
    for (const node of this.root.querySelectorAll('[data-screen]')) node.hidden = node.dataset.screen !== name;
    this.shownScreen = name;
    if (this.root.getBoundingClientRect().top < 0) this.root.scrollIntoView({ block: 'start' }); // it was longer before
    const isBefore = !IN_A_CHAT.includes(name);
    this.showIncident(isBefore);
    const tongues = this.find('[data-tongues]'); // the page of its own has them outside
    if (tongues) tongues.hidden = !isBefore;
  }

  /** What goes on in the city and is known already; stands above what comes before a chat, and the queue. */
  incident(text) {
    this.find('[data-incident] p').textContent = text ?? '';
    this.showIncident(true);
  }

  showIncident(isWanted) {
    const box = this.find('[data-incident]');
    box.hidden = !isWanted || !box.querySelector('p').textContent;
  }

  head(who, sub) {
    this.find('[data-who]').textContent = who;
    this.find('[data-sub]').textContent = sub;
  }

  focusWhenShown(selector) {
    if (this.host.isFramed && this.host.isShown) this.find(selector).focus();
    if (!this.host.isFramed && this.hasActed()) this.find(selector).focus();
  }

  /** On a page of its own nothing takes the focus before somebody did something. */
  hasActed() {
    return navigator.userActivation?.hasBeenActive ?? true;
  }

  /** Whether somebody looks at it now. */
  isRead() {
    return this.host.isShown && !document.hidden && (this.host.isFramed || document.hasFocus());
  }
}
