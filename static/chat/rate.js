// How was it: one to five and a comment, after the end; a second one replaces the first.

import { setBusy } from './fields.js';
import { forTab } from './keep.js';

export class Rating {
  /** `ask(frame)` answers { ok, answer }. */
  constructor({ page, ask }) {
    this.ask = ask;
    this.word = page.word;
    this.form = page.find('[data-rate]');
    this.done = page.find('[data-rated]');
    this.box = page.find('[data-rate-error]');
    this.form.addEventListener('submit', (event) => this.submitted(event));
    this.form.addEventListener('change', () => { this.box.hidden = true; });
    page.press('[data-rate-again]', () => this.change());
  }

  /** `score`: the one that was given, or null. Nobody rates a chat that nobody answered. */
  show(isOffered, score) {
    const given = forTab.get('rated')?.score ?? score ?? null;
    const isChanging = this.isChanging && isOffered;
    this.form.hidden = !isOffered || (given !== null && !isChanging);
    this.done.hidden = !isOffered || given === null || isChanging;
    if (given !== null) this.say(given);
  }

  clear() {
    this.isChanging = false;
    this.box.hidden = true;
    this.form.reset();
    this.show(false, null);
  }

  say(score) {
    const means = this.form.querySelector(`[value="${score}"]`)?.dataset.means ?? '';
    this.done.querySelector('[data-rated-text]').textContent = this.word('rated', { score, means });
  }

  change() {
    const { score, comment } = forTab.get('rated') ?? {};
    this.isChanging = true;
    this.form.hidden = false;
    this.done.hidden = true;
    const chosen = this.form.querySelector(`[value="${score ?? 3}"]`);
    if (score) chosen.checked = true;
    this.form.elements.comment.value = comment ?? '';
    chosen.focus();
  }

  async submitted(event) {
    event.preventDefault();
    const score = Number(this.form.elements.score.value);
    const comment = this.form.elements.comment.value.trim();
    this.box.hidden = true;
    if (!score) {
      this.refuse(this.word('noScore'));
      this.form.querySelector('[name="score"]').focus();
      return;
    }
    if (this.form.hasAttribute('aria-busy')) return;
    setBusy(this.form, true);
    const { ok, answer } = await this.ask({ type: 'rate', score, ...(comment ? { comment } : {}) });
    setBusy(this.form, false);
    if (ok) this.rated(score, comment);
    else this.refuse(answer?.detail || this.word('network'));
  }

  refuse(text) {
    this.box.querySelector('p').textContent = text;
    this.box.hidden = false;
  }

  rated(score, comment) {
    forTab.set('rated', { score, comment });
    this.isChanging = false;
    this.show(true, score);
    this.done.querySelector('[data-rated-text]').focus();
  }
}
