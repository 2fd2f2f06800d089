// The end of a chat: why it ended, how else the city is reached, the rating, and until when its words stay here.

import { Rating } from './rate.js';
import { sayTime } from './words.js';

// What the end page says by outcome, and whether it names the other ways.
const OUTCOMES = {
  inactive: ['endedInactive', true],
  closed: ['endedClosed', true],
  abandoned: ['endedAbandoned', true],
  referred: ['endedReferred', false],
  off_topic: ['endedOffTopic', true],
  conduct: ['endedConduct', true],
  emergency: ['endedEmergency', false],
  case_opened: ['endedCase', false],
};

export class Ending {
  /** `onClosed()`: the time in which the words may be read is over. */
  constructor({ page, ask, onClosed }) {
    Object.assign(this, { page, onClosed });
    this.word = page.word;
    this.panel = page.find('[data-over]');
    this.rating = new Rating({ page, ask });
    this.afterlife = Number(page.root.dataset.afterlife) * 1000;
  }

  /** Words that came too late: they stay readable, and go into the form of another chat. */
  keep(unsent) {
    this.page.find('[data-over-unsent]').hidden = !unsent;
    this.page.find('[data-over-unsent] .quote').textContent = unsent;
  }

  hide() {
    clearTimeout(this.closing);
    this.keep('');
    this.panel.hidden = true;
    this.page.find('[data-screen="talk"]').classList.remove('is-over');
    this.rating.clear();
  }

  /** `skew`: the server's clock less ours, in milliseconds. True if it was not shown before. */
  show({ outcome, ended_at: endedAt, had_agent: hadAgent, rating }, skew) {
    const [text, hasWays] = OUTCOMES[outcome] ?? ['ended', false];
    const isNew = this.panel.hidden;
    this.panel.hidden = false;
    this.page.find('[data-screen="talk"]').classList.add('is-over');
    this.page.find('[data-over-text]').textContent = this.word(text);
    this.page.find('[data-over-ways]').hidden = !hasWays;
    this.rating.show(Boolean(hadAgent), rating);
    this.waitForClose(endedAt, skew);
    return isNew;
  }

  waitForClose(endedAt, skew) {
    clearTimeout(this.closing);
    const until = this.page.find('[data-end-page]');
    until.hidden = !endedAt;
    if (!endedAt) return;
    const closesAt = new Date(endedAt).getTime() + this.afterlife;
    until.textContent = this.word('endPage', { time: sayTime(new Date(closesAt).toISOString()) });
    this.closing = setTimeout(this.onClosed, Math.max(0, closesAt - Date.now() - skew));
  }
}
