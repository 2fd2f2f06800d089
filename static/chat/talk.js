// The running chat on the page: connection, log, line, place in the queue, and its end.

import { Attention } from './attention.js';
import { Log } from './bubbles.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { copyText, linesOf } from './copy.js';
import { IdlePanel } from './idle.js';
import { forTab } from './keep.js';
import { StatusLine } from './line.js';
import { tellingOf } from './telling.js';
import { sayWait } from './words.js';

const KEPT = ['chat', 'outbox', 'draft', 'seen', 'warned'];

export class Talk {
  /** `onLost(detail)`: this chat can no longer be opened. */
  constructor({ page, urgent, onLost }) {
    Object.assign(this, { page, urgent, onLost });
    this.word = page.word;
    this.find = (selector) => page.find(selector);
    this.tell = tellingOf(page.word);
    this.log = new Log({ log: this.find('[data-log]'), templates: this.templates(), word: this.word, tell: this.tell, onTakeBack: (item) => this.takeBack(item) });
    this.line = new StatusLine(this.find('[data-status]'));
    this.attention = new Attention(page);
    this.composer = new Composer({ form: this.find('[data-write]'), word: this.word, limit: page.limits.text, onWrite: (text) => this.chat.write(text), onTyping: () => this.chat?.typing() });
    this.idle = new IdlePanel({ panel: this.find('[data-idle]'), word: this.word, onHere: () => this.chat.here(), onGone: () => this.composer.text.focus() });
    this.listen();
  }

  templates() {
    const names = { bubble: 'bubble', margin: 'margin', why: 'why', unsent: 'unsent-actions', page: 'page-link', phone: 'phone-link' };
    return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, this.find(`[data-${name}]`)]));
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

  // ---- Opening and leaving -----------------------------------------------

  open(kept, messages) {
    this.kept = kept;
    this.log.clear();
    this.idle.close();
    this.urgent.clear();
    this.page.screen('talk');
    this.find('[data-over]').hidden = true;
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

  forget() {
    this.chat?.stop();
    this.chat = null;
    this.status = null;
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
      slow: () => this.line.say(this.word('slow')),
      refused: (detail) => this.line.say(detail),
    };
  }

  heard(event) {
    this.log.show(event);
    if (event.kind === 'notice' && event.rule === 'EM-911') this.warn(event);
    if (event.from === 'agent' && event.kind === 'message') this.line.stopTyping();
    this.idle.follow(this.chat.transcript.inOrder(), this.chat.skew);
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
    const isQueued = status.state === 'queued';
    this.find('[data-queue]').hidden = !isQueued;
    if (isQueued) this.showPlace(status);
    if (status.state === 'ended') this.over();
    else if (status.agent_name) this.page.head(status.agent_name, this.word('with', { department: this.kept.department }));
    else this.page.head(this.word('city'), this.word('waiting', { department: this.kept.department }));
    this.attention.runs(status.state !== 'ended');
  }

  showPlace({ position, estimated_wait_seconds: estimate }) {
    this.find('[data-position]').textContent = position ?? '–';
    this.find('[data-estimate]').textContent = sayWait(this.word, estimate) ?? this.word('soon');
  }

  over() {
    const outcome = this.status.outcome;
    this.page.head(this.word('city'), this.word('ended'));
    this.composer.close();
    this.find('[data-end]').hidden = true;
    this.line.stopTyping();
    this.idle.close();
    const panel = this.find('[data-over]');
    if (!panel.hidden) return;
    panel.hidden = false;
    this.find('[data-over-text]').textContent = this.word({ inactive: 'endedInactive', closed: 'endedClosed' }[outcome] ?? 'ended');
    this.find('[data-over-ways]').hidden = !['inactive', 'closed'].includes(outcome);
    if (this.page.root.contains(document.activeElement) || document.activeElement === document.body) this.page.focusWhenShown('[data-over-text]');
    this.log.toTheEnd();
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
    this.line.keep(this.chat.isPolling ? this.word('poll') : '');
    if (this.wasLost && !this.chat.isPolling) this.line.say(this.word('back'));
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
    this.forget();
    this.onLost(this.word('expired'));
  }

  async copy() {
    const lines = linesOf(this.chat.transcript.inOrder(), this.tell);
    const isCopied = await copyText(lines.join('\n'), this.page.root);
    this.line.say(this.word(isCopied ? 'copied' : 'copyFailed'));
  }
}
