// Before a chat: who is there, what it is about, the form, and what a refusal says.

import { phoneLink, webLink } from './links.js';
import { Menu } from './menu.js';
import { sayRefusal } from './refusals.js';
import { StartForm, askBefore, requestChat } from './start.js';
import { sayDayAndTime } from './words.js';

const NO_MENU = { nodes: [] };
const MENDABLE = ['invalid', 'too_long', 'out_of_range', 'slow_down'];

export class Before {
  /** `why(event)` makes the mark of a rule; `onBegun(answer, { department, language })`: there is a session now. */
  constructor({ page, urgent, why, onBegun }) {
    Object.assign(this, { page, urgent, why, onBegun });
    this.word = page.word;
    this.find = (selector) => page.find(selector);
    const { language } = page.root.dataset;
    this.start = new StartForm({ form: this.find('[data-screen="start"]'), word: page.word, limits: page.limits, language, onSubmit: (values) => this.request(values) });
    this.menu = new Menu({ page, onPerson: (about) => this.wantPerson(about) });
    this.refusal = null; // why nobody can be talked to now
    this.asked = { department: page.root.dataset.department, language: this.start.spoken[language] ? language : '' };
    page.press('[data-again]', () => this.lookWhoIsThere());
    page.press('[data-start-back], [data-answers]', () => this.menu.open(true));
    for (const link of document.querySelectorAll('.tongues a')) link.addEventListener('click', () => this.start.save());
  }

  async lookWhoIsThere() {
    this.refusal = null;
    this.page.screen('loading');
    this.page.head(this.word('city'), this.word('chat'));
    try {
      const [{ status, body }, menu] = await Promise.all([askBefore(this.page.root.dataset.availability, this.asked), this.askMenu()]);
      if (this.isOver()) return;
      this.menu.take(menu);
      this.find('[data-menu-why]').replaceChildren(...(menu.rule ? [this.why({ rule: menu.rule, data: { why: menu.why } })] : []));
      this.page.incident(body.incident);
      if (status !== 200) this.refused(body);
      else if (body.state === 'backup') this.refused({ code: 'backup', ...body });
      else if (body.state === 'closed' || body.state === 'closing_soon') this.refused({ code: 'closed', ...body });
      else this.offer(body);
    } catch (lost) {
      if (!this.isOver()) this.refused({ code: 'unavailable', detail: this.word('network') });
    }
  }

  /** A chat has come meanwhile, from the window that opened this one: who is there does not matter any more. */
  isOver() {
    return this.page.shownScreen !== 'loading';
  }

  /** The topics; none where the city has no menu, or it cannot be had: a person is there all the same. */
  async askMenu() {
    const address = this.page.root.dataset.menu;
    if (!address) return NO_MENU;
    try {
      const { status, body } = await askBefore(address, this.asked);
      return status === 200 && Array.isArray(body.nodes) ? body : NO_MENU;
    } catch (lost) {
      return NO_MENU;
    }
  }

  offer(found) {
    this.start.offerDepartments(found.departments, this.isDepartmentFixed());
    this.start.offer(found);
    this.find('[data-start-back]').hidden = !this.menu.isOffered;
    const topic = new URLSearchParams(window.location.search).get('topic'); // chosen on the page, without JavaScript
    if (topic) this.start.about({ topic, label: this.menu.labelOf(topic) });
    if (this.menu.isOffered && !topic) {
      this.menu.open(false);
      this.page.focusWhenShown('[data-menu-title]');
      return;
    }
    this.page.screen('start');
    this.page.focusWhenShown(found.staffed ? '#chat-name' : '[data-unstaffed] h3');
  }

  wantPerson(about) {
    if (this.refusal) {
      this.refused(this.refusal);
      this.find('[data-refused-title]').focus();
      return;
    }
    this.start.about(about);
    this.page.screen('start');
    this.find('#chat-name').focus();
  }

  isDepartmentFixed() {
    return new URLSearchParams(window.location.search).has('department');
  }

  refused(refusal) {
    const { title, text } = sayRefusal(this.word, refusal);
    const { next_opening: opening, rule, why } = refusal;
    this.refusal = refusal;
    this.find('[data-answers]').hidden = !this.menu.isOffered;
    this.page.screen('refused');
    this.page.head(this.word('city'), this.word('chat'));
    this.find('[data-refused-title]').textContent = title;
    this.find('[data-refused]').textContent = text;
    this.find('[data-opening]').hidden = !opening;
    if (opening) this.find('[data-opening]').textContent = this.word('opens', { time: sayDayAndTime(opening) });
    this.find('[data-refused-why]').replaceChildren(...(rule ? [this.why({ rule, data: { why } })] : []));
    this.find('[data-again]').textContent = this.word(refusal.code === 'over' ? 'startAgain' : 'tryAgain');
    this.showWays(refusal);
    this.page.focusWhenShown('[data-refused-title]');
  }

  /** How else: in back-up mode the phone and the form that were named for it, else the department's own. */
  showWays({ code, backup }) {
    const named = backup ? [phoneLink(this.find('[data-way-phone]'), backup.phone, this.word), webLink(this.find('[data-way-page]'), backup.page)] : [];
    const ways = named.filter(Boolean);
    this.find('[data-backup-ways]').replaceChildren(...ways);
    this.find('[data-backup-ways]').hidden = !ways.length;
    this.find('[data-refused-ways]').hidden = ways.length > 0 || code === 'moved';
    this.find('[data-ways-lead]').hidden = ways.length > 0 || code === 'moved' || !this.find('[data-refused-ways] .ways');
  }

  async request(values) {
    if (this.isAsking) return;
    this.isAsking = true;
    this.start.isBusy(true);
    this.page.head(this.word('city'), this.word('connecting'));
    try {
      const { ok, answer } = await requestChat(this.page.root.dataset.sessions, values);
      if (!ok && answer.emergency) this.urgent.add(answer.emergency, true);
      if (ok) this.begun(answer, values);
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

  begun(answer, { language }) {
    const { department } = this.start.form.elements;
    const name = department.selectedOptions[0]?.textContent ?? '';
    this.start.renew();
    this.onBegun(answer, { department: name, language });
  }
}
