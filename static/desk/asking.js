// What an agent asks in a window of its own: to refer, to open a case, to end, to mark.

import { canOpenCase } from './after.js';
import { find, isDialogOpen, sayIn, toast } from './page.js';
import { notSent } from './sending.js';

export class Asking {
  constructor(desk) {
    this.desk = desk;
    this.endDialog = find('[data-end-dialog]');
    this.endDialog.addEventListener('submit', (event) => { if (event.submitter?.value === 'end' && !this.isEndSent()) event.preventDefault(); });
    this.endDialog.addEventListener('close', () => desk.focusReply());
  }

  refer() {
    if (this.desk.current?.isRunning) this.desk.refer.open(this.desk.current);
  }

  openCase() {
    if (canOpenCase(this.desk.current)) this.desk.caseDialog.open(this.desk.current);
  }

  end() {
    if (!this.desk.current?.isRunning || isDialogOpen()) return;
    find('[data-end-title]').textContent = this.desk.word('end', { name: this.desk.current.facts.name ?? this.desk.word('customer') });
    this.ending = this.desk.current;
    if (this.desk.current.suggested) find('#outcome').value = this.desk.current.suggested;
    sayIn(this.endDialog, '');
    this.endDialog.showModal();
  }

  /** What cannot be sent keeps the dialog open, with what was chosen. */
  isEndSent() {
    const { session } = this.ending;
    const frame = { type: 'end', session, outcome: find('#outcome').value, ref: `end ${session}` };
    const isSent = this.desk.send(frame);
    sayIn(this.endDialog, isSent ? '' : notSent(this.desk.word, frame));
    return isSent;
  }

  mark() {
    const chat = this.desk.current;
    if (chat && chat.facts.state !== 'gone') this.desk.marking.open(chat);
  }

  marked(session) {
    toast(this.desk.word('markDone', { name: this.desk.board.chat(session).facts.name ?? this.desk.word('customer') }));
  }
}
