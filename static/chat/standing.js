// Where the chat stands, above the log: the place in the queue, or on hold; and who the head names.

import { sayTime, sayWait } from './words.js';

export class Standing {
  constructor(page) {
    this.page = page;
    this.word = page.word;
    this.find = (selector) => page.find(selector);
  }

  /** `department`: its name, as it was chosen. */
  show(status, department) {
    const isQueued = status.state === 'queued';
    this.find('[data-queue]').hidden = !isQueued;
    this.find('[data-held]').hidden = status.state !== 'on_hold';
    this.page.showIncident(isQueued);
    this.page.head(...this.headOf(status, department));
    if (isQueued) this.showPlace(status);
    else this.placeIsOver();
    if (status.state === 'on_hold') this.showHold(status);
  }

  headOf({ state, agent_name: agent, ended_at: endedAt }, department) {
    const { word } = this;
    if (state === 'ended') return [word('city'), endedAt ? word('endedAt', { time: sayTime(endedAt) }) : word('ended')];
    if (agent) return [agent, state === 'on_hold' ? word('onHold') : word('with', { department })];
    return [word('city'), word('waiting', { department })];
  }

  showPlace({ position, estimated_wait_seconds: estimate }) {
    const wait = sayWait(this.word, estimate) ?? this.word('soon');
    this.find('[data-position]').textContent = position ?? '–';
    this.find('[data-place-lead]').textContent = this.word(position === 1 ? 'next' : 'number');
    this.find('[data-estimate]').textContent = wait;
    this.find('[data-estimate]').classList.toggle('is-unknown', estimate === null || estimate === undefined);
    if (!position || position === this.told) return;
    this.told = position;
    this.find('[data-spoken]').textContent = `${position === 1 ? this.word('next') : this.word('place', { n: position })} ${wait}`;
  }

  /** What was said aloud of the place is true no more. */
  placeIsOver() {
    this.told = null;
    this.find('[data-spoken]').textContent = '';
  }

  showHold({ agent_name: agent, held_by: by, held_since: since }) {
    this.find('[data-held-text]').textContent = this.word('held', { name: by ?? agent ?? this.word('agent') });
    this.find('[data-held-since]').textContent = since ? this.word('heldSince', { time: sayTime(since) }) : '';
  }
}
