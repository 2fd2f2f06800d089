// Passing a chat on, and holding: what an agent does who cannot go on alone.

import { isHere } from './board.js';
import { FormDialog } from './dialogs.js';
import { fillSelect, find, isDialogOpen, codesOf, nameOf } from './page.js';

export class Passing {
  /** `send(frame)` answers whether it went out; `sendAloud(frame)` also says where it did not. */
  constructor({ board, word, send, sendAloud }) {
    Object.assign(this, { board, word, sendAloud });
    this.dialog = new FormDialog({
      dialog: find('[data-transfer-dialog]'), what: 'transfer', word, send,
      prepare: (chat, form) => this.prepare(chat, form),
      frame: (form, dialog) => this.frame(form, dialog),
    });
    this.dialog.form.addEventListener('change', (event) => { if (event.target.name === 'kind') this.show(); });
  }

  ask(chat) {
    if (chat?.isRunning) this.dialog.open(chat);
  }

  /** Likewise, for a department that is chosen already. */
  askDepartment(chat, code) {
    this.ask(chat);
    const { kind, department, reason } = this.dialog.form.elements;
    kind.value = 'department';
    department.value = code;
    reason.value = 'department';
    this.show();
  }

  hold(chat) {
    if (!chat?.isRunning || isDialogOpen()) return;
    this.sendAloud({ type: chat.facts.state === 'on_hold' ? 'resume' : 'hold', session: chat.session, ref: `hold ${chat.session}` });
  }

  prepare(chat, form) {
    find('[data-transfer-title]').textContent = this.word('transferTitle', { name: chat.facts.name ?? this.word('customer') });
    this.chat = chat;
    fillSelect(form.elements.agent, this.board.colleagues.filter(isHere).map((each) => [each.id, this.personText(each)]));
    fillSelect(form.elements.department, codesOf('departments').map(([code, name]) => [code, this.departmentText(code, name)]));
    fillSelect(form.elements.language, codesOf('languages').filter(([code]) => code !== chat.facts.language));
    form.elements.kind[0].disabled = !form.elements.agent.options.length;
    find('[data-nobody-online]').hidden = Boolean(form.elements.agent.options.length);
    if (form.elements.kind[0].disabled && form.elements.kind.value === 'agent') form.elements.kind.value = 'department';
    find('[data-again]').hidden = !chat.facts.transfers;
    this.show();
  }

  personText({ name, departments = [], languages = [], free }) {
    const facts = [departments.map((code) => nameOf('departments', code)).join(', '), languages.map((code) => nameOf('languages', code)).join(', '), free === undefined ? '' : this.word(free ? 'seatFree' : 'noSeatFree')];
    return [name, ...facts].filter(Boolean).join(' · ');
  }

  /** A department, with how many of it are online besides oneself. */
  departmentText(code, name) {
    const there = this.board.colleagues.filter((each) => isHere(each) && each.departments?.includes(code));
    return `${name} · ${there.length ? this.word('onlineThere', { n: there.length }) : this.word('nobodyThere')}`;
  }

  show() {
    const kind = this.dialog.form.elements.kind.value;
    for (const part of this.dialog.dialog.querySelectorAll('[data-to]')) part.hidden = part.dataset.to !== kind;
  }

  frame(form, dialog) {
    const kind = form.elements.kind.value;
    const to = {
      agent: () => ({ agent: Number(form.elements.agent.value) }),
      department: () => ({ department: form.elements.department.value }),
      language: () => ({ language: form.elements.language.value }),
      supervisor: () => ({ supervisor: true }),
    }[kind];
    const reason = form.elements.reason.value;
    if (!to) dialog.fault('kind', this.word('noTarget'));
    if (!reason) dialog.fault('reason', this.word('noTransferReason'));
    const summary = dialog.text('summary', this.word('noSummary'));
    const again = this.chat.facts.transfers ? dialog.text('again', this.word('noAgain')) : '';
    if (!to || !reason || !summary || (this.chat.facts.transfers && !again)) return null;
    return { type: 'transfer', to: to(), reason, summary, ...(again ? { again } : {}) };
  }
}
