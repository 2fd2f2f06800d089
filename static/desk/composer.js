// Answering: a reply to the resident or a note that only staff see, drafts kept per chat, and what the screening stopped.

import { codePoints } from '../chat/words.js';
import { find } from './page.js';
import { Tabs } from './tabs.js';

const PAY_COMMAND = '/pay'; // the server puts the city's words in its place

export class Composer {
  /** `why({rule, data})` makes the mark of a rule; `onTyping()` hears of each word. */
  constructor({ word, maxText, send, why, onTyping }) {
    Object.assign(this, { word, maxText, send, why, onTyping });
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
    this.stop = find('[data-stopped]');
    this.stop.querySelector('[data-stopped-change]').addEventListener('click', () => this.change());
    this.stop.querySelector('[data-stopped-send]').addEventListener('click', () => this.sendAnyway());
    this.stop.querySelector('[data-stopped-ask]').addEventListener('click', () => this.askRelease());
  }

  get isWriting() {
    return Boolean(this.box.value.trim());
  }

  show(chat) {
    this.keep();
    this.chat = chat;
    this.switchTo('reply');
    this.box.value = chat?.draft ?? '';
    this.gauge();
    this.showStopped();
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
    find('#reply-pay').textContent = this.mode === 'reply' && this.box.value.trim() === PAY_COMMAND ? this.word('payHint') : '';
    return over <= 0;
  }

  write() {
    const text = this.box.value;
    if (!this.chat?.isRunning || !text.trim() || !this.gauge()) return;
    if (this.mode === 'note') {
      if (this.noting) return;
      if (this.send({ type: 'note', session: this.chat.session, text, ref: `note ${this.chat.session}` })) this.noting = { chat: this.chat, text };
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
    if (chat === this.chat && this.mode === 'note' && this.box.value === text) this.empty();
    else if (chat.noteDraft === text) chat.noteDraft = '';
    if (chat === this.chat) this.switchTo('reply');
  }

  noteRefused() {
    this.noting = null;
  }

  /** Put a text where the next word would go. */
  insert(text) {
    this.switchTo('reply');
    this.box.setRangeText(text, this.box.selectionStart, this.box.selectionEnd, 'end');
    this.drafted();
    this.box.focus();
  }

  takeBack(item) {
    this.chat.outbox.settle(item.id);
    this.switchTo('reply');
    if (!this.box.value.trim()) this.box.value = item.text;
    else this.box.value = `${item.text}\n${this.box.value}`;
    this.drafted();
    this.box.focus();
  }

  // ---- What the screening stopped -----------------------------------------

  /** The server stopped a message; it stays with its reason until the agent has decided. */
  stopped(chat, frame) {
    const item = chat.outbox.items.find((each) => each.id === frame.id);
    if (!item) return;
    chat.stopped = { item: { ...item }, code: frame.code, spans: frame.spans ?? [], detail: frame.detail, rule: frame.rule, data: { why: frame.why }, hasAsked: false };
    chat.outbox.settle(frame.id);
    if (chat === this.chat) this.showStopped(true);
  }

  showStopped(isNew = false) {
    const stopped = this.chat?.stopped;
    this.stop.hidden = !stopped;
    if (!stopped) return;
    this.stop.querySelector('[data-stopped-why]').textContent = stopped.detail;
    this.stop.querySelector('[data-stopped-text]').replaceChildren(...marked(stopped.item.text, stopped.spans));
    const isConfirm = stopped.code === 'confirm';
    this.stop.querySelector('[data-stopped-rule]').replaceChildren(...(stopped.rule ? [this.why(stopped)] : []));
    this.stop.querySelector('[data-stopped-send]').hidden = !isConfirm;
    this.stop.querySelector('[data-stopped-send]').textContent = this.word('sendAnyway', { what: whys(stopped).map((why) => this.word(`with_${why}`) || why).join(', ') });
    this.stop.querySelector('[data-stopped-ask]').hidden = isConfirm || stopped.hasAsked;
    this.stop.querySelector('[data-stopped-asked]').hidden = isConfirm || !stopped.hasAsked;
    if (isNew) this.stop.querySelector('[data-stopped-change]').focus();
  }

  change() {
    const { item } = this.chat.stopped;
    this.chat.stopped = null;
    this.showStopped();
    this.switchTo('reply');
    this.box.value = this.box.value.trim() ? `${item.text}\n${this.box.value}` : item.text;
    this.drafted();
    this.box.focus();
  }

  sendAnyway() {
    const { item } = this.chat.stopped;
    const confirm = whys(this.chat.stopped);
    this.chat.stopped = null;
    this.showStopped();
    this.chat.write(item.text, { confirm });
    this.box.focus();
  }

  askRelease() {
    const { item } = this.chat.stopped;
    this.send({ type: 'ask_release', session: this.chat.session, id: item.id, text: item.text, ref: `release ${item.id}` });
  }

  releaseAsked(id) {
    if (this.chat?.stopped?.item.id !== id) return;
    this.chat.stopped.hasAsked = true;
    this.showStopped();
  }

  /** A supervisor decided on a stopped text. */
  decided(chat, { id, is_released: isReleased }) {
    if (chat.stopped?.item.id !== id) return;
    const { item } = chat.stopped;
    if (isReleased) chat.write(item.text);
    else chat.draft = chat.draft ? `${item.text}\n${chat.draft}` : item.text;
    chat.stopped = null;
    if (chat !== this.chat) return;
    this.showStopped();
    if (!isReleased && this.mode === 'reply') this.box.value = chat.draft;
  }
}

/** What the spans of a stopped text say they are, each once. */
const whys = ({ spans }) => [...new Set(spans.map(([, , why]) => why))];

/** A text whose spans are marked, as nodes; spans are counted in code points. */
function marked(text, spans) {
  const signs = [...text];
  const nodes = [];
  let at = 0;
  for (const [from, to] of [...spans].sort((one, other) => one[0] - other[0])) {
    if (from < at || to > signs.length) continue;
    nodes.push(signs.slice(at, from).join(''), Object.assign(document.createElement('mark'), { textContent: signs.slice(from, to).join('') }));
    at = to;
  }
  return [...nodes, signs.slice(at).join('')];
}
