// Above the panes: the chat is out of order for new visitors, since when, and where they are sent.

import { sayMoment, sayTime } from '../chat/words.js';
import { find } from './page.js';

export class BackupLine {
  constructor({ board, word }) {
    Object.assign(this, { board, word });
    this.line = find('[data-backup]');
    this.text = find('[data-backup-text]');
  }

  draw() {
    const { backup } = this.board;
    const isLeft = !backup && this.line.contains(document.activeElement);
    this.line.hidden = !backup;
    const text = backup ? this.said(backup) : '';
    if (this.text.textContent !== text) this.text.textContent = text; // it is said aloud when it changes
    if (isLeft) find('#main').focus();
  }

  said({ since, phone, page }) {
    const isToday = new Date(since).toDateString() === new Date(this.board.now()).toDateString();
    return this.word('backup', { time: isToday ? sayTime(since) : sayMoment(since), ways: [phone, page].filter(Boolean).join(', ') });
  }
}
