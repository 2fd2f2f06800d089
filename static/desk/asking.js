// What an agent asks in a window of its own: to refer, to open a case, to end, to mark.

import { canOpenCase } from './after.js';
import { FormDialog } from './dialogs.js';
import { find, toast } from './page.js';

const SAID = 80; // characters of what was not sent

export class Asking {
  constructor(desk) {
    this.desk = desk;
    this.ending = new FormDialog({
      dialog: find('[data-end-dialog]'), what: 'end', word: desk.word, send: desk.send,
      prepare: (chat, form) => this.askHow(chat, form),
      frame: (form) => ({ type: 'end', outcome: form.elements.outcome.value }),
    });
    this.unsent = find('[data-end-unsent]');
    this.ending.dialog.addEventListener('close', () => desk.goOnWriting());
  }

  refer() {
    if (this.desk.current?.isRunning) this.desk.refer.open(this.desk.current);
  }

  openCase() {
    if (canOpenCase(this.desk.current)) this.desk.caseDialog.open(this.desk.current);
  }

  end() {
    if (this.desk.current?.isRunning) this.ending.open(this.desk.current);
  }

  askHow({ facts, suggested }, form) {
    find('[data-end-title]').textContent = this.desk.word('end', { name: facts.name ?? this.desk.word('customer') });
    if (suggested) form.elements.outcome.value = suggested;
    this.warn();
  }

  /** Say before the end what the resident does not get; what is on its way may arrive, or be stopped, meanwhile. */
  warn() {
    const text = shortened(this.desk.board.chats.get(this.ending.session)?.unsentReply ?? '');
    const said = text && this.desk.word('endUnsent', { text });
    if (this.unsent.textContent !== said) this.unsent.textContent = said;
  }

  mark() {
    const chat = this.desk.current;
    if (chat && chat.facts.state !== 'gone') this.desk.marking.open(chat);
  }

  marked(session) {
    toast(this.desk.word('markDone', { name: this.desk.board.chat(session).facts.name ?? this.desk.word('customer') }));
  }
}

/** The beginning of a text, on one line; counted in code points, so that no sign is cut in two. */
function shortened(text) {
  const signs = [...text.trim().replace(/\s+/g, ' ')];
  return signs.length > SAID ? `${signs.slice(0, SAID).join('').trimEnd()}…` : signs.join('');
}
