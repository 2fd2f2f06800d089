// What staff alone see of a chat: entries numbered by `n`, shown in the thread at their time. Never to the resident.

import { sayDayAndTime, sayTime } from '../chat/words.js';

const GRAVEST_FIRST = ['life', 'city', 'non_emergency'];

/** The entries of one chat: each once, however often the server sends them. */
export class StaffNotes {
  constructor() {
    this.entries = new Map();
  }

  /** Take an entry in; false if it was known. */
  add(entry) {
    if (this.entries.has(entry.n)) return false;
    this.entries.set(entry.n, entry);
    return true;
  }

  inOrder() {
    return [...this.entries.values()].sort((one, other) => one.n - other.n);
  }
}

/** What an entry changes in the facts of its chat. */
export function newsOf({ kind, data }, facts) {
  if (kind === 'marked') return { retained: true };
  if (kind === 'evaluation_closed') return { retained: false };
  if (kind !== 'emergency') return {};
  const spoken = [facts.emergency, data.emergency].filter(Boolean);
  return { emergency: GRAVEST_FIRST.find((each) => spoken.includes(each)) };
}

export class NoteThread {
  /** `log`: where the events stand; `label(kind, value)`: the word for an emergency, a reason or what was hidden. */
  constructor({ log, template, word, label }) {
    Object.assign(this, { log, template, word, label });
    this.shown = new Map();
  }

  clear() {
    this.shown.clear();
  }

  /** Show the entries of a chat, each after what it is about, or after what was there before it. */
  show(chat) {
    for (const entry of chat.notes.inOrder()) this.place(entry, chat.eventBefore(entry) + entry.n / 1e5);
  }

  place(entry, order) {
    const node = this.shown.get(entry.n) ?? this.draw(entry);
    if (this.shown.has(entry.n) && node.dataset.seq === String(order)) return;
    this.shown.set(entry.n, node);
    this.log.place(node, order);
  }

  draw(entry) {
    const node = this.template.content.firstElementChild.cloneNode(true);
    const { title, text } = this.say(entry);
    node.querySelector('b').textContent = title;
    const time = node.querySelector('time');
    time.dateTime = entry.at;
    time.textContent = sayTime(entry.at);
    node.querySelector('[data-says]').textContent = text;
    const quote = node.querySelector('[data-quote]');
    quote.textContent = entry.text;
    quote.hidden = !entry.text;
    const link = node.querySelector('[data-to-task]');
    link.hidden = !entry.data.task;
    if (entry.data.task) link.setAttribute('href', `${link.getAttribute('href')}#task-${entry.data.task}`);
    if (entry.rule) node.append(this.log.why(entry));
    return node;
  }

  say({ kind, name, data }) {
    const says = {
      payment: () => ({ title: this.word('notePayment'), text: this.word(data.from === 'agent' ? 'noteAgentHid' : 'noteHid', { found: this.listed(data.found) }) }),
      emergency: () => ({ title: this.word('noteEmergency', { kind: this.label('e', data.emergency) }), text: this.word('noteEmergencyText') }),
      marked: () => ({ title: this.word('noteMarked', { reason: this.label('r', data.reason) }), text: name ? this.word('noteMarkedBy', { name }) : this.word('noteMarkedBySystem') }),
      evaluation_closed: () => ({ title: this.word('noteClosed'), text: this.word('noteClosedText') }),
      left_running: () => ({ title: this.word('noteLeft'), text: this.word('noteLeftText') }),
      note: () => ({ title: this.word('noteNote'), text: name ? this.word('noteBy', { name }) : '' }),
      profanity: () => ({ title: this.word('noteProfanity'), text: this.word('noteProfanityText') }),
      contact: () => ({ title: this.word('noteContact'), text: this.word('noteContactText') }),
      link: () => ({ title: this.word('noteLink'), text: name ? this.word('noteBy', { name }) : '' }),
      released: () => ({ title: this.word(data.is_released === false ? 'noteNotReleased' : 'noteReleased'), text: name ? this.word('noteBy', { name }) : '' }),
      rated: () => ({ title: this.word('noteRated', { score: data.score }), text: '' }),
      transfer: () => ({ title: this.word('noteTransfer'), text: name ? this.word('noteBy', { name }) : '' }),
      declined: () => ({ title: this.word('noteDeclined'), text: '' }),
      answer_due: () => ({ title: this.word(data.step >= 2 ? 'noteAnswerSupervisor' : 'noteAnswer'), text: '' }),
      chosen: () => ({ title: this.word(`noteChosen_${data.option}`), text: data.due_at ? this.word('noteChosenText', { time: sayDayAndTime(data.due_at) }) : '' }),
      case: () => ({ title: this.word('noteCase'), text: name ? this.word('noteBy', { name }) : '' }),
    };
    return says[kind]?.() ?? { title: this.word('note'), text: '' };
  }

  listed(found) {
    return found.map((each) => this.label('f', each)).join(', ');
  }
}
