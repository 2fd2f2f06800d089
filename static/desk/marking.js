// The dialog that marks a chat for retention: it stays open, with everything in it, until the server agrees.

import { codePoints } from '../chat/words.js';
import { notSent } from './sending.js';

export class MarkDialog {
  /** `send(frame)`: false where nothing can be sent now. */
  constructor({ dialog, word, send }) {
    Object.assign(this, { dialog, word, send });
    this.form = dialog.querySelector('form');
    this.note = dialog.querySelector('#mark-note');
    this.max = Number(dialog.dataset.maxNote);
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    this.note.addEventListener('input', () => this.count());
    dialog.querySelector('[data-mark-cancel]').addEventListener('click', () => dialog.close());
  }

  open({ session, facts }, name) {
    if (this.session !== session) this.form.reset();
    this.session = session;
    this.clearErrors();
    this.isBusy(false);
    this.count();
    this.dialog.querySelector('[data-mark-title]').textContent = this.word('markTitle', { name });
    this.dialog.querySelector('[data-mark-again]').hidden = !facts.retained;
    this.dialog.showModal();
  }

  submit() {
    if (this.isAsking) return;
    this.clearErrors();
    const reason = this.form.elements.reason.value;
    const isTooLong = codePoints(this.note.value) > this.max;
    if (!reason) this.fault(this.dialog.querySelector('[data-mark-reasons]'), this.word('noReason'));
    if (isTooLong) this.fault(this.note.closest('.field'), this.word('longNote', { max: this.max }));
    if (!reason || isTooLong) {
      (reason ? this.note : this.form.elements.reason[0]).focus();
      return;
    }
    const frame = { type: 'mark', session: this.session, reason, note: this.note.value, ref: `mark ${this.session}` };
    if (this.send(frame)) this.isBusy(true);
    else this.refuse(notSent(this.word, frame));
  }

  /** The server agreed. */
  done() {
    this.session = null;
    this.isBusy(false);
    this.dialog.close();
  }

  refuse(detail) {
    this.isBusy(false);
    const box = this.dialog.querySelector('[data-mark-error]');
    box.querySelector('p').textContent = detail;
    box.hidden = false;
  }

  /** The connection went away: whether it was marked shows when it is back; marking again does no harm. */
  lost() {
    if (this.dialog.open) this.refuse(this.word('linkLost'));
  }

  isBusy(isAsking) {
    this.isAsking = isAsking;
    this.form.querySelector('[type="submit"]').setAttribute('aria-disabled', String(isAsking));
  }

  count() {
    const left = this.max - codePoints(this.note.value);
    const counter = this.dialog.querySelector('#mark-count');
    counter.textContent = left < 0 ? this.word('tooLong', { n: -left }) : this.word('leftOver', { n: left });
    counter.classList.toggle('is-over', left < 0);
  }

  fault(field, text) {
    field.classList.add('is-wrong');
    const error = field.querySelector('.error');
    error.textContent = text;
    error.hidden = false;
    this.control(field).setAttribute('aria-invalid', 'true');
  }

  clearErrors() {
    this.dialog.querySelector('[data-mark-error]').hidden = true;
    for (const field of this.dialog.querySelectorAll('.is-wrong')) {
      field.classList.remove('is-wrong');
      field.querySelector('.error').hidden = true;
      field.querySelector('.error').textContent = '';
      this.control(field).removeAttribute('aria-invalid');
    }
  }

  control(field) {
    return field.querySelector('textarea') ?? field;
  }
}
