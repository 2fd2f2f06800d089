// Where the resident writes: the draft, its length, and what is taken back.

import { forTab } from './keep.js';
import { codePoints, joined } from './words.js';

const GAUGE_FROM = 3500;

export class Composer {
  /** `onWrite(text)`: send it; `onTyping()`: a key was pressed. */
  constructor({ form, word, limit, onWrite, onTyping }) {
    Object.assign(this, { form, word, limit, onWrite, onTyping });
    this.text = form.querySelector('#chat-text');
    this.counted = form.querySelector('#chat-text-count');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.write();
    });
    this.text.addEventListener('keydown', (event) => this.typed(event));
    this.text.addEventListener('input', () => this.drafted());
  }

  typed(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.write();
  }

  /** Show it with what was left unsent in this tab. */
  open() {
    this.form.hidden = false;
    this.text.value = forTab.get('draft') ?? '';
  }

  close() {
    this.form.hidden = true;
  }

  get isOpen() {
    return !this.form.hidden;
  }

  write() {
    const text = this.text.value;
    if (!text.trim() || !this.isOpen) return;
    if (codePoints(text) > this.limit) {
      this.gauge();
      this.text.focus();
      return;
    }
    this.onWrite(text);
    this.text.value = '';
    this.drafted();
    this.text.focus();
  }

  /** Put a text that nobody has before what is written now. */
  takeBack(text) {
    this.text.value = joined(text, this.text.value);
    this.drafted();
    this.text.focus();
  }

  drafted() {
    forTab.set('draft', this.text.value);
    this.gauge();
    this.grow();
    if (this.text.value) this.onTyping();
  }

  gauge() {
    const left = this.limit - codePoints(this.text.value);
    const isOver = left < 0;
    this.counted.textContent = isOver ? this.word('tooLong', { n: -left }) : left < this.limit - GAUGE_FROM ? this.word('leftOver', { n: left }) : '';
    this.counted.classList.toggle('is-over', isOver);
    this.text.setAttribute('aria-invalid', String(isOver));
  }

  grow() {
    const lines = this.text.value.split('\n').length;
    this.text.rows = Math.min(5, Math.max(lines, Math.ceil(this.text.value.length / 40), 1));
  }
}
