// Passing a chat on, referring somebody to another body, and holding: what an agent does who cannot go on alone.

import { FormDialog } from './dialogs.js';
import { fillSelect, find, isDialogOpen, codesOf, nameOf } from './page.js';

/** Who could take a chat now: online, at the desk, and with a free seat. */
const mayTake = ({ state, away, free }) => state === 'online' && !away && free !== 0;

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
    if (chat?.facts.state === 'active' || chat?.facts.state === 'on_hold') this.dialog.open(chat);
  }

  hold(chat) {
    if (!chat?.isRunning || isDialogOpen()) return;
    this.sendAloud({ type: chat.facts.state === 'on_hold' ? 'resume' : 'hold', session: chat.session, ref: `hold ${chat.session}` });
  }

  prepare(chat, form) {
    find('[data-transfer-title]').textContent = this.word('transferTitle', { name: chat.facts.name ?? this.word('customer') });
    this.chat = chat;
    fillSelect(form.elements.agent, this.board.colleagues.filter((each) => each.state === 'online' && !each.away).map((each) => [each.id, this.personText(each)]));
    fillSelect(form.elements.department, codesOf('departments'));
    fillSelect(form.elements.language, codesOf('languages').filter(([code]) => code !== chat.facts.language));
    form.elements.kind[0].disabled = !form.elements.agent.options.length;
    find('[data-nobody-online]').hidden = Boolean(form.elements.agent.options.length);
    if (form.elements.kind[0].disabled && form.elements.kind.value === 'agent') form.elements.kind.value = 'department';
    find('[data-again]').hidden = !chat.facts.transfers;
    this.show();
  }

  personText({ name, departments = [], languages = [], free }) {
    const facts = [departments.map((code) => nameOf('departments', code)).join(', '), languages.map((code) => nameOf('languages', code)).join(', '), free === undefined ? '' : this.word('freeSeats', { n: free })];
    return [name, ...facts].filter(Boolean).join(' · ');
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

/** Where else somebody is helped: a department or an outside body, put into the reply as text. */
export class Refer {
  constructor({ address, word, insert }) {
    Object.assign(this, { address, word, insert });
    this.dialog = find('[data-refer-dialog]');
    this.list = this.dialog.querySelector('[data-bodies]');
    this.search = this.dialog.querySelector('input[type="search"]');
    this.search.addEventListener('input', () => this.draw());
    this.list.addEventListener('click', (event) => this.chosen(event));
    this.dialog.querySelector('[data-cancel]').addEventListener('click', () => this.dialog.close());
  }

  async open({ colleagues, onTransfer }) {
    if (isDialogOpen()) return;
    Object.assign(this, { colleagues, onTransfer });
    this.dialog.showModal();
    this.search.value = '';
    try {
      const answer = await fetch(this.address, { headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { departments, bodies } = await answer.json();
      this.entries = [...departments.map((each) => ({ ...each, isOurs: true })), ...bodies];
    } catch (noAnswer) {
      this.entries = [];
      this.list.textContent = this.word('noDirectory');
      return;
    }
    this.draw();
  }

  draw() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const shown = (this.entries ?? []).filter((each) => [each.name, each.responsible_for].join(' ').toLocaleLowerCase().includes(wanted));
    shown.sort((one, other) => this.isThere(other) - this.isThere(one)); // a colleague who can take it goes first
    this.list.replaceChildren(...shown.map((each) => this.row(each)));
    if (!shown.length) this.list.textContent = this.word('nothingFound');
  }

  isThere(entry) {
    return Boolean(entry.isOurs) && this.colleagues.some((each) => mayTake(each) && each.departments?.includes(entry.code));
  }

  row(entry) {
    const node = find('[data-body-row]').content.firstElementChild.cloneNode(true);
    node.entry = entry;
    node.querySelector('b').textContent = entry.name;
    node.querySelector('[data-ways]').textContent = [entry.phone, entry.email, entry.page].filter(Boolean).join(' · ');
    node.querySelector('[data-for]').textContent = entry.responsible_for ?? '';
    const isSomebodyThere = this.isThere(entry);
    node.querySelector('[data-pass]').hidden = !isSomebodyThere;
    node.querySelector('[data-first]').textContent = this.word(isSomebodyThere ? 'referTransfer' : 'referContact');
    return node;
  }

  chosen(event) {
    const entry = event.target.closest('li')?.entry;
    if (!entry) return;
    if (event.target.closest('[data-pass]')) {
      this.dialog.close();
      this.onTransfer(entry.code);
    } else if (event.target.closest('[data-insert]')) {
      this.dialog.close();
      this.insert(this.word('referText', { name: entry.name, ways: [entry.phone, entry.email, entry.page].filter(Boolean).join(', ') }));
    }
  }
}
