// What somebody who waits may choose, each two minutes anew, and what came of it.

import { sayMoment, sayTime } from './words.js';

const NO_LONGER = ['chosen', 'joined', 'held', 'resumed', 'requeued', 'transferred', 'ended'];
const LEAVES = ['message', 'callback'];

/** The choices that are open after these events, in order: { seq, options, nextAt, rule }, or null. */
export function choicesOf(events) {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const { seq, kind, rule, data } = events[index];
    if (kind === 'notice' && data?.choices?.length) return { seq, options: data.choices, nextAt: data.next_at ?? null, rule };
    if (NO_LONGER.includes(kind)) return null;
  }
  return null;
}

/** What was left behind in this wait, as an event, or null; once somebody is there, it is said in the log only. */
export function leftBehind(events) {
  const last = [...events].reverse().find(({ kind, data }) => kind === 'joined' || (kind === 'chosen' && LEAVES.includes(data?.option)));
  return last?.kind === 'chosen' ? last : null;
}

export class Choices {
  /** `onChoose(option)`: answered with a promise that is true once the city has it; `onLeave(option)`: a form is wanted. */
  constructor({ page, onChoose, onLeave, onGone }) {
    Object.assign(this, { page, onChoose, onLeave, onGone });
    this.word = page.word;
    this.panel = page.find('[data-choices]');
    this.noted = page.find('[data-noted]');
    page.press('[data-choose]', (event) => this.pressed(event.currentTarget));
  }

  close() {
    this.page.find('[data-screen="talk"]').classList.remove('is-asked');
    this.panel.hidden = true;
    this.noted.hidden = true;
    this.answered = null;
    this.showWay('');
  }

  /** The city has the answer; what was chosen before it says no second time. `way`: how it reaches them, told by this page alone. */
  done(way) {
    this.answered = this.asking;
    if (way) this.showWay(way);
    if (this.open?.seq !== this.answered) return; // asked anew meanwhile
    this.panel.hidden = true;
    this.page.find('[data-screen="talk"]').classList.remove('is-asked');
  }

  /** Show what these events leave open, and what was left behind. `state`: of the session. */
  follow(events, state) {
    this.open = state === 'ended' ? null : choicesOf(events);
    const open = this.open?.seq === this.answered ? null : this.open;
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = !open;
    this.page.find('[data-screen="talk"]').classList.toggle('is-asked', Boolean(open));
    if (open) this.show(open, state);
    else if (hadFocus) this.onGone();
    this.showNoted(leftBehind(events), state);
  }

  showWay(way) {
    const line = this.noted.querySelector('[data-noted-way]');
    line.hidden = !way;
    line.textContent = way ? this.word('notedWay', { way }) : '';
  }

  show({ options, nextAt, rule }, state) {
    const title = { on_hold: 'choicesHeld', queued: rule === 'DF-HOLD' ? 'choicesQueued' : 'choicesBusy' }[state] ?? 'choicesQueued';
    this.panel.querySelector('[data-choices-title]').textContent = this.word(title);
    this.panel.querySelector('[data-choices-next]').textContent = nextAt ? this.word('askedAgain', { time: sayTime(nextAt) }) : '';
    for (const button of this.buttons) {
      button.hidden = !options.includes(button.dataset.choose);
      button.removeAttribute('aria-disabled');
    }
  }

  get buttons() {
    return this.panel.querySelectorAll('[data-choose]');
  }

  async pressed(button) {
    const option = button.dataset.choose;
    if (button.getAttribute('aria-disabled') === 'true') return;
    this.asking = this.open?.seq;
    if (LEAVES.includes(option)) {
      this.onLeave(option);
      return;
    }
    this.buttons.forEach((each) => each.setAttribute('aria-disabled', 'true'));
    const isDone = await this.onChoose(option);
    this.buttons.forEach((each) => each.removeAttribute('aria-disabled'));
    if (!isDone) return;
    const hadFocus = this.panel.contains(document.activeElement);
    this.done();
    if (hadFocus && this.panel.hidden) this.onGone();
  }

  /** While somebody waits the server's sentence holds the time, and what one may do; of all that, the promise outlasts the end. */
  showNoted(event, state) {
    const find = (selector) => this.noted.querySelector(selector);
    this.noted.hidden = !event;
    if (!event) return;
    const { text, data } = event;
    const said = state === 'ended' ? '' : text;
    find('[data-noted-text]').textContent = said || this.word(data.option === 'callback' ? 'notedCallback' : 'notedMessage');
    find('[data-noted-when]').hidden = Boolean(said) || !data.due_at;
    find('[data-noted-when]').textContent = data.due_at ? this.word('notedBy', { time: sayMoment(data.due_at) }) : '';
    find('[data-noted-more]').hidden = Boolean(said) || state !== 'queued';
  }
}
