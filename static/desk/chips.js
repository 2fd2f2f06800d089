// Deadlines as chips: text, icon and the time that is left, counted down from the server's clock.

import { copyOf } from './page.js';
import { stopwatch } from './lists.js';

const SOON = 20000;

/** The deadlines of a chat that the agent should see, the most pressing first. */
export function deadlinesOf({ facts, isRunning }) {
  if (!isRunning) return facts.state === 'ended' && facts.wrap_up_deadline ? [['wrapUpChip', facts.wrap_up_deadline]] : [];
  return [
    ['transferChip', facts.transfer_pending && facts.transfer?.deadline],
    ['answerChip', facts.answer_deadline],
    ['holdChip', facts.state === 'on_hold' && facts.choice_deadline],
  ].filter(([, until]) => until);
}

export function deadlineChip(key, until, word, now) {
  const node = copyOf('[data-deadline-chip]');
  node.dataset.until = until;
  node.dataset.says = key;
  tickChip(node, word, now);
  return node;
}

export function tickChip(node, word, now) {
  const left = new Date(node.dataset.until) - now;
  const isLate = left < 0;
  node.classList.toggle('sla-late', isLate);
  node.classList.toggle('sla-soon', !isLate && left <= SOON);
  node.querySelector('[data-label]').textContent = `${word(node.dataset.says)} `;
  node.querySelector('b').textContent = isLate ? word('lateBy', { time: stopwatch(-left) }) : stopwatch(left);
}
