// What the desk shows of a silent resident: a strip above the reply, a chip in the row. Times by the server's clock.

import { sayLeft, silenceOf } from '../chat/silence.js';
import { sayTime } from '../chat/words.js';

export class SilenceStrip {
  constructor({ strip, word, onKeepOpen }) {
    Object.assign(this, { strip, word });
    this.text = strip.querySelector('[data-silence-text]');
    this.keep = strip.querySelector('[data-keep-open]');
    this.keep.addEventListener('click', onKeepOpen);
  }

  show(chat, name) {
    const silence = chat?.isRunning ? silenceOf(chat.transcript.inOrder()) : null;
    this.strip.hidden = !silence;
    this.endsAt = silence?.endsAt ?? null;
    this.keep.hidden = !this.endsAt;
    const text = silence ? this.say(silence, name, chat.facts.emergency) : '';
    if (this.text.textContent !== text) this.text.textContent = text;
  }

  say({ isKeptOpen, endsAt, since }, name, emergency) {
    if (isKeptOpen) return this.word('isKeptOpen', { name });
    const stays = emergency ? 'silentEmergency' : 'silent';
    return this.word(endsAt ? 'silentEnds' : stays, { name, since: since ? sayTime(since) : '', time: endsAt ? sayTime(endsAt) : '' });
  }

  tick(skew) {
    this.strip.querySelector('[data-silence-left]').textContent = this.endsAt ? sayLeft(this.endsAt, skew) : '';
  }
}

/** The chip of a row, or null; `data-ends-at` lets the clock of the page count it down. */
export function silenceChip(template, chat, word, skew) {
  const silence = chat.isRunning ? silenceOf(chat.transcript.inOrder()) : null;
  if (!silence) return null;
  const node = template.content.firstElementChild.cloneNode(true);
  const label = node.querySelector('b');
  if (silence.endsAt) {
    label.dataset.endsAt = silence.endsAt;
    label.textContent = word('endsChip', { time: sayLeft(silence.endsAt, skew) });
  } else {
    label.textContent = word(silence.isKeptOpen ? 'keptChip' : 'askedChip');
  }
  return node;
}

export function tickChips(root, word, skew) {
  for (const label of root.querySelectorAll('[data-ends-at]:not([data-ends-at=""])')) label.textContent = word('endsChip', { time: sayLeft(label.dataset.endsAt, skew) });
}
