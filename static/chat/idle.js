// The panel that asks a silent resident whether they are still there, with the time that is left.

import { sayLeft, silenceOf } from './silence.js';
import { sayTime } from './words.js';

export class IdlePanel {
  constructor({ panel, word, onHere, onGone }) {
    Object.assign(this, { panel, word, onGone });
    this.button = panel.querySelector('[data-here]');
    this.button.addEventListener('click', () => {
      this.button.setAttribute('aria-disabled', 'true');
      onHere();
    });
  }

  /** Show where the silence stands after these events. `skew`: the server's clock less ours, in milliseconds. */
  follow(events, skew) {
    const silence = silenceOf(events);
    const isAsked = Boolean(silence) && !silence.isKeptOpen;
    this.skew = skew;
    if (this.endsAt !== silence?.endsAt || this.panel.hidden === isAsked) this.show(isAsked, silence);
  }

  show(isAsked, silence) {
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = !isAsked;
    this.endsAt = silence?.endsAt;
    clearInterval(this.ticking);
    this.button.removeAttribute('aria-disabled');
    if (!isAsked) {
      if (hadFocus) this.onGone();
      return;
    }
    const ends = this.panel.querySelector('[data-ends]');
    ends.hidden = !this.endsAt;
    if (this.endsAt) {
      ends.querySelector('span').textContent = this.word('endsAt', { time: sayTime(this.endsAt) });
      this.ticking = setInterval(() => this.tick(), 1000);
      this.tick();
    }
  }

  tick() {
    this.panel.querySelector('[data-left]').textContent = sayLeft(this.endsAt, this.skew);
  }

  close() {
    this.show(false, null);
  }
}
