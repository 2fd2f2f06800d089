// A dialog with a form: it stays open, with everything in it, until the server agrees.

import { codePoints } from '../chat/words.js';
import { isDialogOpen, sayIn, toast } from './page.js';
import { notSent, perhapsNot } from './sending.js';

export class FormDialog {
  /**
   * `what` begins the `ref` of its frame; `frame(form)` returns what to send, or null where `fault` said what is
   * missing; `send(frame)` answers whether it went out.
   */
  constructor({ dialog, what, word, send, frame, prepare, done }) {
    Object.assign(this, { dialog, what, word, send, frame, prepare, done });
    this.form = dialog.querySelector('form');
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    for (const button of dialog.querySelectorAll('[data-cancel]')) button.addEventListener('click', () => dialog.close());
  }

  open(chat) {
    if (isDialogOpen()) return;
    if (this.session !== chat.session) this.form.reset();
    this.session = chat.session;
    this.clear();
    this.busy(false);
    this.prepare?.(chat, this.form);
    this.dialog.showModal();
  }

  submit() {
    if (this.isAsking) return;
    this.clear();
    const frame = this.frame(this.form, this);
    if (!frame) {
      const wrong = this.dialog.querySelector('[aria-invalid="true"]');
      (wrong?.querySelector('input') ?? wrong)?.focus();
      return;
    }
    this.asked = frame;
    if (this.send({ ...frame, session: this.session, ref: `${this.what} ${this.session}` })) this.busy(true);
    else this.say(notSent(this.word, frame), { untilLinked: true });
  }

  /** Answers whether this was ours. */
  granted(what, session) {
    if (what !== this.what || session !== this.session) return false;
    this.session = null;
    this.busy(false);
    this.dialog.close();
    this.done?.(session);
    return true;
  }

  /** `untilLinked`: it is no refusal of the server, which was not reached. */
  refused(what, { detail, field, untilLinked = false }) {
    if (what !== this.what) return false;
    this.busy(false);
    if (!this.dialog.open) return false; // closed before the answer: said elsewhere
    const control = field ? this.form.elements[field] : null;
    if (control instanceof Element && control.closest('.field') && !control.closest('[hidden]')) {
      this.fault(field, detail);
      control.focus();
    } else {
      this.say(detail, { untilLinked });
    }
    return true;
  }

  lost() {
    if (this.dialog.open) this.say(this.word('linkLost'), { untilLinked: true });
    else if (this.isAsking) toast(perhapsNot(this.word, this.asked));
    this.busy(false);
  }

  /** The counterpart of `lost`: there is a line again. */
  linked() {
    if (this.untilLinked) this.say('');
  }

  busy(isAsking) {
    this.isAsking = isAsking;
    this.form.querySelector('[type="submit"]').setAttribute('aria-disabled', String(isAsking));
  }

  /** A text that is needed, and no longer than its `data-max`; '' after a fault. */
  text(name, missing) {
    const control = this.form.elements[name];
    const text = control.value.trim();
    const over = codePoints(control.value) - Number(control.dataset.max ?? 2000);
    if (!text && missing) this.fault(name, missing);
    if (over > 0) this.fault(name, this.word('tooLong', { n: over }));
    return (text || !missing) && over <= 0 ? control.value : '';
  }

  fault(name, sentence) {
    const named = this.form.elements[name];
    const isGroup = named instanceof RadioNodeList; // the group is what is wrong, not one of its choices
    const field = (isGroup ? named[0] : named).closest('.field');
    const control = isGroup ? field : named;
    field.classList.add('is-wrong');
    const error = field.querySelector('.error');
    error.textContent = sentence;
    error.hidden = false;
    control.setAttribute('aria-invalid', 'true');
    error.id ||= `${(isGroup ? named[0] : named).id}-error`;
    if (!control.hasAttribute('aria-describedby')) control.setAttribute('aria-describedby', error.id);
  }

  /** `untilLinked`: it is true only as long as there is no line. */
  say(sentence, { untilLinked = false } = {}) {
    this.untilLinked = untilLinked;
    sayIn(this.dialog, sentence);
  }

  clear() {
    this.say('');
    for (const field of this.dialog.querySelectorAll('.is-wrong')) {
      field.classList.remove('is-wrong');
      const error = field.querySelector('.error');
      error.hidden = true;
      const control = field.matches('[aria-invalid]') ? field : field.querySelector('[aria-invalid]');
      control?.removeAttribute('aria-invalid');
      if (control?.getAttribute('aria-describedby') === error.id) control.removeAttribute('aria-describedby');
    }
  }
}
