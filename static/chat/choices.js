// What somebody who waits may choose, each two minutes anew, and what came of it.

import { sayMoment, sayTime } from './words.js';

const NO_LONGER = ['chosen', 'joined', 'held', 'resumed', 'requeued', 'transferred', 'ended'];
const LEAVES = ['message', 'callback'];

/** The choices that are open after these events, in order: { options, nextAt, rule }, or null. */
export function choicesOf(events) {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const { kind, rule, data } = events[index];
    if (kind === 'notice' && data?.choices?.length) return { options: data.choices, nextAt: data.next_at ?? null, rule };
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
    this.seq = null;
  }

  /** Show what these events leave open, and what was left behind. `state`: of the session. */
  follow(events, state) {
    const open = state === 'ended' ? null : choicesOf(events);
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = !open;
    this.page.find('[data-screen="talk"]').classList.toggle('is-asked', Boolean(open));
    if (open) this.show(open, state);
    else if (hadFocus) this.onGone();
    this.showNoted(leftBehind(events), state);
  }

  show({ options, nextAt, rule }, state) {
    const title = { on_hold: 'choicesHeld', queued: rule === 'EM-COM-Daii' ? 'choicesBusy' : 'choicesQueued' }[state] ?? 'choicesQueued';
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
    if (LEAVES.includes(option)) {
      this.onLeave(option);
      return;
    }
    this.buttons.forEach((each) => each.setAttribute('aria-disabled', 'true'));
    const isDone = await this.onChoose(option);
    if (!isDone) this.buttons.forEach((each) => each.removeAttribute('aria-disabled'));
  }

  showNoted(event, state) {
    this.noted.hidden = !event;
    if (!event || this.seq === event.seq) {
      this.noted.querySelector('[data-noted-more]').hidden = state !== 'queued';
      return;
    }
    this.seq = event.seq;
    const when = this.noted.querySelector('[data-noted-when]');
    const due = event.data.due_at;
    this.noted.querySelector('[data-noted-text]').textContent = this.word(event.data.option === 'callback' ? 'notedCallback' : 'notedMessage');
    when.textContent = due ? this.word('notedBy', { time: sayMoment(due) }) : '';
    when.hidden = !due;
    this.noted.querySelector('[data-noted-more]').hidden = state !== 'queued';
  }
}
