// Answering: a reply to the resident or a note that only staff see, drafts kept per chat.

import { codePoints, joined } from '../chat/words.js';
import { find } from './page.js';
import { Stopped } from './stopped.js';
import { Tabs } from './tabs.js';

const PAY_COMMAND = '/pay'; // the server puts the city's words in its place

export class Composer {
  /** `why({rule, data})` makes the mark of a rule; `onTyping()` hears of each word. */
  constructor({ word, maxText, owed, sendAloud, why, onTyping }) {
    Object.assign(this, { word, maxText, sendAloud, onTyping });
    this.form = find('[data-composer]');
    this.box = find('#reply');
    this.mode = 'reply';
    this.modes = new Tabs(find('[data-modes]'), (mode) => this.switched(mode));
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.write();
    });
    this.box.addEventListener('input', () => this.drafted());
    this.box.addEventListener('keydown', (event) => this.typed(event));
    this.stopped = new Stopped({ word, owed, sendAloud, why, composer: this });
  }

  get isWriting() {
    return Boolean(this.box.value.trim());
  }

  show(chat) {
    this.keep();
    this.chat = null; // what stands in the box is kept, and belongs to nobody now
    this.switchTo('reply');
    this.chat = chat;
    this.box.value = chat?.draft ?? '';
    this.gauge();
    this.stopped.show();
  }

  keep() {
    if (this.chat) this.chat[this.mode === 'note' ? 'noteDraft' : 'draft'] = this.box.value;
  }

  switchTo(mode) {
    if (this.mode !== mode) this.modes.openNamed(mode);
  }

  switched(mode) {
    if (mode === this.mode) return;
    this.keep();
    this.mode = mode;
    const isNote = mode === 'note';
    this.form.classList.toggle('is-note', isNote);
    this.box.value = (this.chat && this.chat[isNote ? 'noteDraft' : 'draft']) ?? '';
    this.label();
    this.gauge();
    this.box.focus();
  }

  label() {
    const name = this.chat?.facts.name ?? this.word('customer');
    find('[data-reply-label]').textContent = this.word(this.mode === 'note' ? 'noteLabel' : 'reply', { name });
    find('[data-send-text]').textContent = this.word(this.mode === 'note' ? 'keepNote' : 'send');
    find('[data-mode-hint]').textContent = this.mode === 'note' ? this.word('noteHint') : '';
  }

  typed(event) {
    if (event.defaultPrevented || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.write();
  }

  drafted() {
    this.keep();
    this.gauge();
    if (!this.box.value) return;
    this.onTyping();
    if (this.mode === 'reply') this.chat?.typing();
  }

  gauge() {
    const over = codePoints(this.box.value) - this.maxText;
    find('#reply-count').textContent = over > 0 ? this.word('tooLong', { n: over }) : '';
    find('#reply-count').classList.toggle('is-over', over > 0);
    this.box.setAttribute('aria-invalid', String(over > 0));
    find('#reply-pay').textContent = this.isCommand(this.box.value.trim()) ? this.word('payHint') : '';
    return over <= 0;
  }

  /** Whether a text is one that the server fills in. */
  isCommand(text) {
    return this.mode === 'reply' && text === PAY_COMMAND;
  }

  write() {
    const text = this.box.value;
    if (!this.chat?.isRunning || !text.trim() || !this.gauge()) return;
    if (this.mode === 'note') {
      if (this.noting) return;
      if (this.sendAloud({ type: 'note', session: this.chat.session, text, ref: `note ${this.chat.session}` })) this.noting = { chat: this.chat, text };
      return;
    }
    this.chat.write(text);
    this.empty();
  }

  empty() {
    this.box.value = '';
    this.keep();
    this.gauge();
    this.box.focus();
  }

  noted() {
    const { chat, text } = this.noting ?? {};
    this.noting = null;
    if (!chat) return;
    const isShown = chat === this.chat && this.mode === 'note';
    if (isShown) this.keep();
    if (chat.noteDraft.startsWith(text)) chat.noteDraft = chat.noteDraft.slice(text.length).trimStart();
    if (!isShown) return;
    this.box.value = chat.noteDraft;
    this.gauge();
    if (!chat.noteDraft) this.switchTo('reply'); // who wrote on meanwhile is at the next note already
  }

  /** What nobody has is kept elsewhere now. */
  forgetUnsaid() {
    Object.assign(this.chat, { draft: '', noteDraft: '', stopped: [] });
    for (const { id } of [...this.chat.outbox.items]) this.chat.outbox.settle(id);
    this.box.value = '';
    this.stopped.show();
  }

  noteRefused() {
    this.noting = null;
  }

  /** Put a text after what is written already; of a chat that is no longer in front, into its draft. */
  insertFor(chat, text) {
    if (chat !== this.chat) {
      this.giveBack(chat, text);
      return;
    }
    this.switchTo('reply');
    const end = this.box.value.length; // a dialog that closes gives the focus back, and no caret
    this.box.setRangeText(joined(this.box.value, text), 0, end, 'end');
    this.drafted();
    this.box.focus();
  }

  takeBack(item) {
    this.chat.outbox.settle(item.id);
    this.changeAgain(item.text);
  }

  /** Put a text that was on its way before what is written now. */
  changeAgain(text) {
    this.switchTo('reply');
    this.box.value = joined(text, this.box.value);
    this.drafted();
    this.box.focus();
  }

  /** Likewise, in a chat that need not be in front; what is being written meanwhile stays where it is. */
  giveBack(chat, text) {
    if (chat === this.chat) this.keep();
    chat.draft = joined(text, chat.draft);
    if (chat === this.chat && this.mode === 'reply') this.box.value = chat.draft;
  }
}
