// Before a chat: who is there, the form, and what a refusal says.

import { StartForm, askAvailability, requestChat } from './start.js';
import { sayDayAndTime } from './words.js';

const MENDABLE = ['invalid', 'too_long', 'out_of_range', 'slow_down'];

export class Before {
  /** `why(event)` makes the mark of a rule; `onBegun(answer, department)`: there is a session now. */
  constructor({ page, urgent, why, onBegun }) {
    Object.assign(this, { page, urgent, why, onBegun });
    this.word = page.word;
    this.start = new StartForm({ form: page.find('[data-screen="start"]'), word: page.word, limits: page.limits, onSubmit: (values) => this.request(values) });
    page.press('[data-again]', () => this.lookWhoIsThere());
  }

  async lookWhoIsThere() {
    this.page.screen('loading');
    this.page.head(this.word('city'), this.word('chat'));
    try {
      const { status, body } = await askAvailability(this.page.root.dataset.availability, this.page.root.dataset.department);
      if (status !== 200) this.refused(body);
      else if (body.state === 'closed' || body.state === 'closing_soon') this.refused({ code: 'closed', ...body });
      else this.offer(body);
    } catch (lost) {
      this.refused({ code: 'unavailable', detail: this.word('network') });
    }
  }

  offer(found) {
    this.start.offerDepartments(found.departments, this.isDepartmentFixed());
    this.start.offer(found);
    this.page.screen('start');
    this.page.focusWhenShown('#chat-name');
  }

  isDepartmentFixed() {
    return new URLSearchParams(window.location.search).has('department');
  }

  refused({ code, detail, next_opening: opening, rule, why }) {
    const find = (selector) => this.page.find(selector);
    this.page.screen('refused');
    this.page.head(this.word('city'), this.word('chat'));
    const closed = this.closed(rule);
    find('[data-refused-title]').textContent = code === 'closed' ? closed.title : this.word('titleRefused');
    find('[data-refused]').textContent = code === 'closed' ? closed.text : detail || this.word('unknown');
    find('[data-opening]').hidden = !opening;
    if (opening) find('[data-opening]').textContent = this.word('opens', { time: sayDayAndTime(opening) });
    find('[data-refused-why]').replaceChildren(...(rule ? [this.why({ rule, data: { why } })] : []));
    this.page.focusWhenShown('[data-refused-title]');
  }

  /** Closed for the hour, for today, or for good reason at any hour. */
  closed(rule) {
    if (rule === 'EM-RET-A') return { title: this.word('titleNotOffered'), text: this.word('notOffered') };
    if (rule === 'EM-HRS-30') return { title: this.word('titleClosingSoon'), text: this.word('closingSoon') };
    return { title: this.word('titleClosed'), text: this.word('closed') };
  }

  async request(values) {
    if (this.isAsking) return;
    this.isAsking = true;
    this.start.isBusy(true);
    this.page.head(this.word('city'), this.word('connecting'));
    try {
      const { ok, answer } = await requestChat(this.page.root.dataset.sessions, values);
      if (!ok && answer.emergency) this.urgent.add(answer.emergency, true);
      if (ok) this.begun(answer);
      else if (MENDABLE.includes(answer.code)) this.mend(answer);
      else this.refused(answer);
    } catch (lost) {
      this.mend({ detail: this.word('network') });
    } finally {
      this.isAsking = false;
      this.start.isBusy(false);
    }
  }

  mend(answer) {
    this.page.head(this.word('city'), this.word('chat'));
    this.start.refuse(answer);
  }

  begun(answer) {
    const { department } = this.start.form.elements;
    this.start.renew();
    this.onBegun(answer, department.selectedOptions[0]?.textContent ?? '');
  }
}
