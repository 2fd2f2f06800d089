// After the end: note, topic and outcome, while there is time; and the case that grows out of a chat.

import { joined } from '../chat/words.js';
import { FormDialog } from './dialogs.js';
import { fillSelect, find, isDialogOpen, toast, topicsOf } from './page.js';
import { notSent, perhapsNot } from './sending.js';

export class WrapUp {
  constructor({ board, word, send, onDone }) {
    Object.assign(this, { board, word, send, onDone });
    this.form = find('[data-wrap-up]');
    this.note = this.form.elements.note;
    this.drafts = new Map();
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener('input', () => this.keep());
  }

  /** Show what is asked of this chat, if it has ended and is not rounded off. */
  show(chat) {
    const isAsked = chat?.facts.state === 'ended' && Boolean(chat.facts.wrap_up_deadline) && !chat.facts.wrapped_up_at;
    this.form.hidden = !isAsked;
    if (!isAsked || this.chat === chat) return;
    this.chat = chat;
    fillSelect(this.form.elements.topic, [['', this.word('noTopic')], ...topicsOf(chat.facts.department)]);
    const draft = this.drafts.get(chat.session) ?? { note: chat.facts.note ?? '', topic: chat.facts.topic_code ?? '', outcome: '' };
    for (const name of ['note', 'topic', 'outcome']) this.form.elements[name].value = draft[name];
    find('[data-wrap-outcome]').hidden = chat.facts.outcome !== 'customer_ended';
    this.say('');
  }

  keep() {
    const { note, topic, outcome } = this.form.elements;
    if (this.chat) this.drafts.set(this.chat.session, { note: note.value, topic: topic.value, outcome: outcome.value });
  }

  /** Put a text after what the note says already. */
  add(text) {
    this.note.value = joined(this.note.value, text);
    this.keep();
  }

  get isWriting() {
    return [...this.drafts.values()].some((draft) => draft.note.trim());
  }

  forget() {
    this.chat = null;
  }

  submit() {
    const { note, topic, outcome } = this.form.elements;
    const frame = { type: 'wrap_up', session: this.chat.session, note: note.value, topic: topic.value, ref: `wrap ${this.chat.session}` };
    if (outcome.value && this.chat.facts.outcome === 'customer_ended') frame.outcome = outcome.value;
    this.asked = this.send(frame) ? frame : null;
    if (!this.asked) this.say(notSent(this.word, frame));
  }

  /** No answer will come any more; what was typed is kept. */
  lost() {
    if (this.asked) this.sayOf(this.asked.session, this.word('linkLost'), perhapsNot(this.word, this.asked));
    this.asked = null;
  }

  /** Say it in the form of its chat, or `aside` where another is in front by now. */
  sayOf(session, text, aside = text) {
    if (this.chat?.session === session) this.say(text);
    else toast(aside);
  }

  granted(session) {
    this.asked = null;
    this.drafts.delete(session);
    this.forget();
    this.onDone(session);
  }

  refused({ detail }, session) {
    this.asked = null;
    this.sayOf(session, detail);
  }

  say(text) {
    find('[data-wrap-error]').textContent = text;
    find('[data-wrap-error]').hidden = !text;
  }
}

export function caseDialog({ word, send, done }) {
  return new FormDialog({
    dialog: find('[data-case-dialog]'), what: 'case', word, send, done,
    prepare: ({ facts }, form) => fillSelect(form.elements.topic, [['', word('noTopic')], ...topicsOf(facts.department)]),
    frame: (form, shown) => {
      const summary = shown.text('summary', word('noCaseSummary'));
      return summary ? { type: 'case', summary, topic: form.elements.topic.value } : null;
    },
  });
}

export const canOpenCase = (chat) => Boolean(chat) && chat.facts.state !== 'gone' && !isDialogOpen();
