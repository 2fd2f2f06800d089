// What was written in a chat that is over, and that nobody has: it stays readable, and goes into the note with one press.

import { find } from './page.js';

export class Leftover {
  /** `composer` shows the chat; `wrapUp` has the note. */
  constructor({ composer, wrapUp }) {
    Object.assign(this, { composer, wrapUp });
    this.box = find('[data-leftover]');
    this.button = this.box.querySelector('[data-to-note]');
    this.button.addEventListener('click', () => this.toTheNote());
    this.box.querySelector('[data-throw-away]').addEventListener('click', () => this.throwAway());
  }

  show(chat) {
    const text = chat.isRunning ? '' : chat.unsaid;
    this.box.hidden = !text;
    this.box.querySelector('.quote').textContent = text;
    this.button.hidden = this.wrapUp.form.hidden;
  }

  get isShown() {
    return !this.box.hidden;
  }

  throwAway() {
    this.composer.forgetUnsaid();
    this.show(this.composer.chat);
    find('[data-put-away]').focus();
  }

  toTheNote() {
    this.wrapUp.add(this.composer.chat.unsaid);
    this.composer.forgetUnsaid();
    this.show(this.composer.chat);
    this.wrapUp.note.focus();
  }
}
