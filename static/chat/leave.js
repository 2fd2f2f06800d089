// The two small forms of somebody who will not wait: a message, or a number to call.

import { clearFaults, fault, focusFault, isEmail, isPhone, setBusy, showRefusal } from './fields.js';
import { codePoints } from './words.js';

export class Leave {
  /** `ask(frame)` answers { ok, answer }; `onDone(way)`: the city has it, and how to reach whoever left it; `onBack()`: back to the chat. */
  constructor({ page, ask, onDone, onBack }) {
    Object.assign(this, { page, ask, onDone, onBack });
    this.word = page.word;
    this.forms = [...page.root.querySelectorAll('[data-leave]')];
    page.press('[data-leave-back]', () => onBack());
    for (const form of this.forms) form.addEventListener('submit', (event) => this.submitted(event));
  }

  get isOpen() {
    return this.page.shownScreen === 'leave';
  }

  open(option) {
    for (const form of this.forms) form.hidden = form.dataset.leave !== option;
    this.page.screen('leave');
    this.forms.find((form) => !form.hidden).querySelector('[data-leave-title]').focus();
  }

  /** What was typed of a message and is not sent: it must not be lost when an agent comes, or the chat ends. */
  unsent() {
    const form = this.forms.find((each) => each.dataset.leave === 'message');
    const { value } = form.elements.text;
    form.elements.text.value = '';
    return form.hidden ? '' : value;
  }

  async submitted(event) {
    event.preventDefault();
    const form = event.target;
    const box = form.querySelector('[data-leave-error]');
    clearFaults(form, box);
    if (form.hasAttribute('aria-busy') || !this.check(form)) return;
    setBusy(form, true);
    const values = this.values(form);
    const { ok, answer } = await this.ask({ type: 'choose', option: form.dataset.leave, ...values });
    setBusy(form, false);
    if (ok) {
      form.reset();
      this.onDone(values.phone ?? values.email);
    } else {
      showRefusal(form, box, answer ?? { detail: this.word('network') }, ['text', 'email', 'phone']);
    }
  }

  values(form) {
    const given = Object.fromEntries(['text', 'email', 'phone'].map((name) => [name, form.elements[name]?.value.trim()]));
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  }

  check(form) {
    const { text, email, phone } = form.elements;
    if (text && !text.value.trim()) fault(text, this.word('noMessage'));
    else if (text && codePoints(text.value) > this.page.limits.text) fault(text, this.word('tooLong', { n: codePoints(text.value) - this.page.limits.text }));
    const hasEmail = Boolean(email?.value.trim());
    if (hasEmail && !isEmail(email.value)) fault(email, this.word('noEmail'));
    if (phone.value.trim() ? !isPhone(phone.value) : !email) fault(phone, this.word('noPhone'));
    else if (email && !hasEmail && !phone.value.trim()) fault(email, this.word('noWay'));
    return !focusFault(form);
  }
}
