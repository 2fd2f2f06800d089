// What an agent asks in a window of its own: to refer, to open a case, to end, to mark.

import { canOpenCase } from './after.js';
import { find, isDialogOpen, toast } from './page.js';

export class Asking {
  constructor(desk) {
    this.desk = desk;
    find('[data-end-dialog]').addEventListener('close', (event) => this.endChosen(event.target));
  }

  refer() {
    if (!this.desk.current?.isRunning) return;
    this.desk.refer.open({
      colleagues: this.desk.board.colleagues,
      onTransfer: (code) => {
        this.desk.passing.ask(this.desk.current);
        const { kind, department, reason } = this.desk.passing.dialog.form.elements;
        kind.value = 'department';
        department.value = code;
        reason.value = 'department';
        this.desk.passing.show();
      },
    });
  }

  openCase() {
    if (canOpenCase(this.desk.current)) this.desk.caseDialog.open(this.desk.current);
  }

  end() {
    if (!this.desk.current?.isRunning || isDialogOpen()) return;
    find('[data-end-title]').textContent = this.desk.word('end', { name: this.desk.current.facts.name ?? this.desk.word('customer') });
    this.ending = this.desk.current;
    if (this.desk.current.suggested) find('#outcome').value = this.desk.current.suggested;
    find('[data-end-dialog]').showModal();
  }

  endChosen(dialog) {
    const chosen = dialog.returnValue;
    dialog.returnValue = '';
    if (chosen === 'end') this.desk.link.send({ type: 'end', session: this.ending.session, outcome: find('#outcome').value, ref: `end ${this.ending.session}` });
    this.desk.focusReply();
  }

  mark() {
    const chat = this.desk.current;
    if (!chat || chat.facts.state === 'gone' || isDialogOpen()) return;
    this.desk.marking.open(chat, chat.facts.name ?? this.desk.word('customer'));
  }

  marked(session) {
    this.desk.marking.done();
    toast(this.desk.word('markDone', { name: this.desk.board.chat(session).facts.name ?? this.desk.word('customer') }));
  }
}
