// The figures of supervision, renewed while the page is open. What has changed is put in its place, and nothing said aloud.

import { wordsOf } from '../chat/words.js';

const EVERY = 10000;
const OVER = [401, 404]; // the log-in is gone, or its role

class Figures {
  constructor(root) {
    this.root = root;
    this.failure = root.querySelector('[data-not-renewed]');
    this.word = wordsOf(this.failure);
    document.addEventListener('visibilitychange', () => this.looked());
    this.wait();
  }

  wait() {
    this.next = setTimeout(() => this.renew(), EVERY);
  }

  /** Who comes back to the page reads what is, not what was. */
  looked() {
    if (document.hidden || this.isAsking || this.isOver) return;
    clearTimeout(this.next);
    this.renew();
  }

  async renew() {
    this.isAsking = true;
    if (!document.hidden) await this.ask();
    this.isAsking = false;
    if (!this.isOver) this.wait();
  }

  async ask() {
    try {
      const answer = await fetch(this.root.dataset.figures, { signal: AbortSignal.timeout(EVERY) });
      this.isOver = OVER.includes(answer.status);
      if (answer.ok) this.show(await answer.text());
      else this.fail(answer.status === 401 ? 'over' : 'failed');
    } catch (noAnswer) {
      this.fail('failed');
    }
  }

  show(text) {
    const fresh = new DOMParser().parseFromString(text, 'text/html');
    for (const part of this.root.querySelectorAll('[data-part]')) {
      const now = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (part.innerHTML !== now.innerHTML) this.replace(part, now);
    }
    this.say('');
  }

  /** A link that has the focus keeps it; where it is gone, the heading above it has it. */
  replace(part, now) {
    const held = part.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    part.replaceChildren(...now.childNodes);
    if (held === null) return;
    const again = part.querySelector(`a[href="${CSS.escape(held)}"]`) ?? part.closest('section').querySelector('[tabindex]');
    again.focus({ preventScroll: true });
  }

  fail(why) {
    const { time } = this.root.querySelector('[data-time]').dataset;
    this.say(this.word(why, { time }));
  }

  /** Aloud, and therefore only when it is something new. */
  say(text) {
    if (this.failure.textContent !== text) this.failure.textContent = text;
    this.root.querySelector('[data-part="as-of"]').hidden = Boolean(text);
  }
}

const root = document.querySelector('[data-figures]');
if (root) new Figures(root);
