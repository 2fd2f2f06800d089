// The dialog that marks a chat for retention.

import { codePoints } from '../chat/words.js';
import { FormDialog } from './dialogs.js';
import { find } from './page.js';

export function markDialog({ word, send, done }) {
  const dialog = find('[data-mark-dialog]');
  const { note, reason } = dialog.querySelector('form').elements;
  const max = Number(note.dataset.max);
  const count = () => {
    const left = max - codePoints(note.value);
    const counter = dialog.querySelector('#mark-count');
    counter.textContent = left < 0 ? word('tooLong', { n: -left }) : word('leftOver', { n: left });
    counter.classList.toggle('is-over', left < 0);
    return left;
  };
  note.addEventListener('input', count);
  return new FormDialog({
    dialog, what: 'mark', word, send, done,
    prepare: ({ facts }) => {
      count();
      dialog.querySelector('[data-mark-title]').textContent = word('markTitle', { name: facts.name ?? word('customer') });
      dialog.querySelector('[data-mark-again]').hidden = !facts.retained;
    },
    frame: (form, shown) => {
      const isTooLong = count() < 0;
      if (!reason.value) shown.fault('reason', word('noReason'));
      if (isTooLong) shown.fault('note', word('longNote', { max }));
      return reason.value && !isTooLong ? { type: 'mark', reason: reason.value, note: note.value } : null;
    },
  });
}
