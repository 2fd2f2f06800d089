// The running chat on the page: what comes over the connection, and which part of the page takes it.

import { askCity } from './asking.js';
import { Attention } from './attention.js';
import { Log } from './bubbles.js';
import { Choices } from './choices.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { copyText, linesOf } from './copy.js';
import { Ending } from './ending.js';
import { IdlePanel } from './idle.js';
import { forTab } from './keep.js';
import { Leave } from './leave.js';
import { StatusLine } from './line.js';
import { Standing } from './standing.js';
import { tellingOf } from './telling.js';
import { joined } from './words.js';

const KEPT = ['chat', 'outbox', 'draft', 'seen', 'warned', 'rated'];
const TEMPLATES = { bubble: 'bubble', margin: 'margin', why: 'why', unsent: 'unsent-actions', page: 'page-link', phone: 'phone-link', mail: 'mail-link', site: 'site-link', link: 'text-link' };

export class Talk {
  /** `onLost(code, detail, unsent)`: this chat can no longer be opened, or its time to be read is over. */
  constructor({ page, urgent, onLost }) {
    Object.assign(this, { page, urgent, onLost });
    this.word = page.word;
    this.find = (selector) => page.find(selector);
    const ask = (frame) => this.ask(frame);
    const toTheLine = () => this.composer.text.focus();
    this.tell = tellingOf(page.word, { before: (seq) => this.chat.transcript.events.get(seq - 1), languageOfTexts: () => this.foreign() });
    this.log = new Log({ log: this.find('[data-log]'), templates: this.templates(), word: this.word, tell: this.tell, onTakeBack: (item) => this.takeBack(item) });
    this.line = new StatusLine(this.find('[data-status]'));
    this.attention = new Attention(page);
    this.standing = new Standing(page);
    this.composer = new Composer({ form: this.find('[data-write]'), word: this.word, limit: page.limits.text, onWrite: (text) => this.chat.write(text), onTyping: () => this.chat?.typing() });
    this.idle = new IdlePanel({ panel: this.find('[data-idle]'), word: this.word, onHere: () => this.chat.here(), onGone: toTheLine });
    this.choices = new Choices({ page, onChoose: (option) => this.choose(option), onLeave: (option) => this.leave.open(option), onGone: toTheLine });
    this.leave = new Leave({ page, ask, onDone: (way) => this.left(way), onBack: () => this.backToTalk('[data-choose]:not([hidden])') });
    this.ending = new Ending({ page, ask, onClosed: () => this.closed() });
    this.listen();
  }

  templates() {
    return Object.fromEntries(Object.entries(TEMPLATES).map(([key, name]) => [key, this.find(`[data-${name}]`)]));
  }

  listen() {
    const dialog = this.find('[data-end-dialog]');
    this.page.press('[data-end]', () => dialog.showModal());
    this.page.press('[data-copy]', () => this.copy());
    this.page.press('[data-print]', () => window.print());
    this.page.press('[data-take]', () => this.takeHere());
    dialog.addEventListener('close', () => this.endChosen(dialog));
    document.addEventListener('visibilitychange', () => this.noticeReading());
    window.addEventListener('focus', () => this.noticeReading());
  }

  endChosen(dialog) {
    if (dialog.returnValue !== 'end') {
      this.composer.text.focus();
      return;
    }
    dialog.returnValue = '';
    this.chat.end();
  }

  /** The language of the chat, where it is not that of the page. */
  foreign() {
    const { language } = this.kept;
    return language && language !== this.page.root.dataset.language ? language : undefined;
  }

  // ---- Opening and leaving -----------------------------------------------

  open(kept, messages) {
    this.kept = kept;
    this.log.clear();
    this.idle.close();
    this.choices.close();
    this.ending.hide();
    this.urgent.clear();
    this.page.screen('talk');
    this.find('[data-end]').hidden = false;
    this.composer.open();
    this.page.head(this.word('city'), this.word('connecting'));
    this.line.keep(this.word('connecting'));
    this.chat = new Conversation({
      addresses: { socket: this.socketAddress(), sessions: this.page.root.dataset.sessions },
      session: kept.session,
      token: kept.token,
      kept: messages,
      on: this.takers(),
    });
    for (const item of messages) {
      this.log.showUnsent(item);
      if (item.emergency) this.urgent.add(item.emergency, false);
    }
    this.chat.open();
    this.attention.runs(true);
  }

  socketAddress() {
    const url = new URL(this.page.root.dataset.socket, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url.href;
  }

  /** What was written and nobody has: what was refused, and what stands in the line. */
  get unsent() {
    return joined(...(this.chat?.outbox.items ?? []).map(({ text }) => text), this.composer.text.value);
  }

  forget() {
    this.chat?.stop();
    this.chat = null;
    this.status = null;
    this.log.clear();
    this.ending.hide();
    this.choices.close();
    this.line.keep('');
    this.urgent.clear();
    for (const key of KEPT) forTab.drop(key);
    this.attention.over();
  }

  /** What another window of ours needs to go on with it; null if nothing runs. */
  give() {
    return this.chat ? { chat: this.kept, outbox: this.chat.outbox.items, draft: this.composer.text.value } : null;
  }

  takeHere() {
    this.open(this.kept, this.chat.outbox.items);
    this.page.focusWhenShown('#chat-text');
  }

  // ---- What comes --------------------------------------------------------

  takers() {
    return {
      event: (event) => this.heard(event),
      masked: (event) => this.log.show(event),
      outbox: (item) => this.outboxChanged(item),
      state: (status) => this.placed(status),
      link: (state, why) => this.linkIs(state, why),
      typing: () => this.line.typing(this.word('typing', { name: this.status?.agent_name ?? this.word('agent') })),
      read: (seq) => this.log.markRead(seq, (known) => this.chat.transcript.events.get(known)?.from === 'customer'),
      slow: (detail) => this.line.say(detail || this.word('slow')),
      refused: (detail) => this.line.say(detail),
    };
  }

  heard(event) {
    this.log.show(event);
    if (event.kind === 'notice' && event.rule === 'EM-911') this.warn(event);
    if (event.kind === 'notice' && event.data?.incident) this.page.incident(null); // it stands in the log now
    if (event.from === 'agent' && event.kind === 'message') this.line.stopTyping();
    const events = this.chat.transcript.inOrder();
    this.log.keepingTheEnd(() => {
      this.idle.follow(events, this.chat.skew);
      this.choices.follow(events, this.status?.state);
    });
    if (['joined', 'resumed'].includes(event.kind)) this.leaveNoLonger();
    this.attention.note(event);
    this.noticeReading();
  }

  /** An emergency is said at once, the first time that this tab shows it. */
  warn({ seq, text, data }) {
    const warned = forTab.get('warned') ?? 0;
    this.log.keepingTheEnd(() => this.urgent.add({ kind: data.kind, text, numbers: data.numbers ?? [] }, seq > warned));
    forTab.set('warned', Math.max(seq, warned));
  }

  outboxChanged(item) {
    if (this.chat?.outbox.has(item.id)) this.log.showUnsent(item);
    else this.log.forgetUnsent(item.id);
    if (this.chat?.isOver) this.ending.keep(this.unsent);
    if (item.state === 'refused' && item.emergency) this.urgent.add(item.emergency, true);
    forTab.set('outbox', this.chat?.outbox.items ?? []);
  }

  takeBack(item) {
    this.chat.outbox.settle(item.id);
    this.composer.takeBack(item.text);
  }

  noticeReading() {
    if (this.chat && this.page.isRead()) this.attention.saw(this.chat.read());
  }

  // ---- Where it stands ---------------------------------------------------

  placed(status) {
    this.status = status;
    this.standing.show(status, this.kept.department);
    if (status.state === 'ended') this.over();
    this.attention.runs(status.state !== 'ended');
  }

  over() {
    this.leaveNoLonger();
    this.composer.close();
    this.find('[data-end]').hidden = true;
    this.line.stopTyping();
    this.idle.close();
    this.ending.keep(this.unsent);
    const isNew = this.ending.show(this.status, this.chat.skew);
    if (!isNew) return;
    if (this.page.root.contains(document.activeElement) || document.activeElement === document.body) this.page.focusWhenShown('[data-over-text]');
    this.log.toTheEnd();
  }

  closed() {
    this.lose('over', 'pageClosed');
  }

  // ---- What one may choose while waiting ----------------------------------

  /** A frame that wants an answer; whoever speaks of an emergency in it is told whom to call. */
  async ask(frame) {
    const found = await askCity({ sessions: this.page.root.dataset.sessions, ...this.kept }, frame);
    if (found.answer?.emergency) this.urgent.add(found.answer.emergency, true);
    return found;
  }

  async choose(option) {
    const { ok, answer } = await this.ask({ type: 'choose', option });
    if (!ok) this.line.say(answer?.detail || this.word('network'));
    return ok;
  }

  backToTalk(target) {
    this.page.screen('talk');
    this.standing.show(this.status, this.kept.department);
    this.log.toTheEnd();
    const node = this.find(target);
    (node?.offsetParent ? node : this.composer.text).focus();
  }

  left(way) {
    this.choices.done(way);
    this.backToTalk('[data-noted-text]');
  }

  /** Somebody came, or it ended, while a form was open: what was typed there goes into the line. */
  leaveNoLonger() {
    if (!this.leave.isOpen) return;
    const text = this.leave.unsent();
    this.backToTalk('#chat-text');
    this.composer.takeBack(text);
  }

  // ---- The connection ----------------------------------------------------

  linkIs(state, why) {
    if (state === 'open') this.connected();
    if (state === 'lost') this.lost();
    if (state === 'stopped') this.stopped(why);
    if (state === 'rested') this.line.keep('');
  }

  connected() {
    this.find('[data-log]').removeAttribute('aria-busy');
    this.line.keep(this.chat.isBlocked ? this.word('poll') : '');
    if (this.wasLost && !this.chat.isBlocked) this.line.say(this.word('back'));
    this.wasLost = false;
    this.noticeReading();
  }

  lost() {
    this.wasLost = true;
    this.line.stopTyping();
    this.line.keep(this.word('reconnecting'));
  }

  stopped(why) {
    if (why === 'elsewhere') {
      this.page.screen('elsewhere');
      this.page.focusWhenShown('[data-elsewhere-title]');
      return;
    }
    this.lose('unauthorized', 'expired');
  }

  lose(code, why) {
    const { unsent } = this;
    this.forget();
    this.onLost(code, this.word(why), unsent);
  }

  async copy() {
    const lines = linesOf(this.chat.transcript.inOrder(), this.tell);
    const isCopied = await copyText(lines.join('\n'), this.page.root);
    this.line.say(this.word(isCopied ? 'copied' : 'copyFailed'));
  }
}
