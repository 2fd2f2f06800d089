// The resident's chat, as a page and in a frame: which screen is shown, and what is on it.

import { Conversation } from './conversation.js';
import { Host } from './host.js';
import { IdlePanel } from './idle.js';
import { Log } from './bubbles.js';
import { TYPING_SHOWS } from './paced.js';
import { StartForm, askAvailability, requestChat } from './start.js';
import { Urgent } from './urgent.js';
import { forTab, returning } from './keep.js';
import { codePoints, sayDayAndTime, sayTime, sayWait, wordsOf } from './words.js';

const NOTICE_SHOWS = 6000;
const GAUGE_FROM = 3500;

class Widget {
  constructor(root) {
    this.root = root;
    this.word = wordsOf(this.find('[data-words]'));
    this.limits = { text: Number(root.dataset.maxText), name: Number(root.dataset.maxName) };
    this.unread = 0;
    this.title = document.title;
    this.host = new Host(root.dataset.hosts.split(' ').filter(Boolean), {
      onShown: (focus) => this.shown(focus),
      onHidden: () => this.told(),
    });
    this.log = new Log({
      log: this.find('[data-log]'),
      templates: { bubble: this.find('[data-bubble]'), margin: this.find('[data-margin]'), why: this.find('[data-why]'), unsent: this.find('[data-unsent-actions]'), page: this.find('[data-page-link]'), phone: this.find('[data-phone-link]') },
      word: this.word,
      tell: (event) => this.tell(event),
      onTakeBack: (item) => this.takeBack(item),
    });
    this.start = new StartForm({ form: this.find('[data-screen="start"]'), word: this.word, limits: this.limits, onSubmit: (values) => this.request(values) });
    this.text = this.find('#chat-text');
    this.idle = new IdlePanel({ panel: this.find('[data-idle]'), word: this.word, onHere: () => this.chat.here(), onGone: () => this.text.focus() });
    this.urgent = new Urgent({ box: this.find('[data-urgent]'), phone: this.find('[data-phone-button]'), word: this.word });
    this.listen();
    this.begin();
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  // ---- What one may press ------------------------------------------------

  listen() {
    this.find('[data-write]').addEventListener('submit', (event) => {
      event.preventDefault();
      this.write();
    });
    this.text.addEventListener('keydown', (event) => this.typed(event));
    this.text.addEventListener('input', () => this.drafted());
    const press = (selector, act) => this.root.querySelectorAll(selector).forEach((node) => node.addEventListener('click', act));
    press('[data-end]', () => this.find('[data-end-dialog]').showModal());
    press('[data-copy]', () => this.copy());
    press('[data-print]', () => window.print());
    press('[data-another]', () => this.startAnother());
    press('[data-again]', () => this.lookWhoIsThere());
    press('[data-take]', () => this.takeHere());
    press('[data-minimise]', () => this.host.tell('close'));
    press('[data-own-window]', (event) => this.openOwnWindow(event));
    this.find('[data-end-dialog]').addEventListener('close', (event) => this.endChosen(event.target));
    document.addEventListener('keydown', (event) => this.escape(event));
    document.addEventListener('visibilitychange', () => this.noticeReading());
    window.addEventListener('focus', () => this.noticeReading());
    window.addEventListener('message', (event) => this.handOver(event));
  }

  typed(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.write();
  }

  escape(event) {
    if (event.key !== 'Escape' || event.defaultPrevented || this.find('[data-end-dialog]').open) return;
    this.host.tell('close');
  }

  endChosen(dialog) {
    if (dialog.returnValue !== 'end') {
      this.text.focus();
      return;
    }
    dialog.returnValue = '';
    this.chat.end();
  }

  // ---- Which screen ------------------------------------------------------

  begin() {
    for (const node of this.root.querySelectorAll('[data-blocked], [data-blocked-talk]')) node.hidden = !(forTab.blocked && this.host.isFramed);
    const kept = forTab.get('chat');
    if (kept) this.open(kept, forTab.get('outbox') ?? []);
    else if (!this.askOpener()) this.lookWhoIsThere();
  }

  screen(name) {
    for (const node of this.root.querySelectorAll('[data-screen]')) node.hidden = node.dataset.screen !== name;
    this.shownScreen = name;
  }

  head(who, sub) {
    this.find('[data-who]').textContent = who;
    this.find('[data-sub]').textContent = sub;
  }

  async lookWhoIsThere() {
    this.screen('loading');
    this.head(this.word('city'), this.word('chat'));
    try {
      const { status, body } = await askAvailability(this.root.dataset.availability, this.root.dataset.department);
      if (status !== 200) this.refused(body);
      else if (body.state === 'closed' || body.state === 'closing_soon') this.refused({ code: 'closed', ...body });
      else this.offer(body);
    } catch (lost) {
      this.refused({ code: 'unavailable', detail: this.word('network') });
    }
  }

  offer(found) {
    this.start.offerDepartments(found.departments, this.isDepartmentFixed());
    this.start.offer(found);
    this.screen('start');
    this.focusWhenShown('#chat-name');
  }

  isDepartmentFixed() {
    return new URLSearchParams(window.location.search).has('department');
  }

  refused({ code, detail, next_opening: opening, rule, why }) {
    this.screen('refused');
    this.head(this.word('city'), this.word('chat'));
    const closed = this.closed(rule);
    this.find('[data-refused-title]').textContent = code === 'closed' ? closed.title : this.word('titleRefused');
    this.find('[data-refused]').textContent = code === 'closed' ? closed.text : detail || this.word('unknown');
    this.find('[data-opening]').hidden = !opening;
    if (opening) this.find('[data-opening]').textContent = this.word('opens', { time: sayDayAndTime(opening) });
    this.find('[data-refused-why]').replaceChildren(...(rule ? [this.log.why({ rule, data: { why } })] : []));
    this.focusWhenShown('[data-refused-title]');
  }

  /** Closed for the hour, for today, or for good reason at any hour. */
  closed(rule) {
    if (rule === 'EM-RET-A') return { title: this.word('titleNotOffered'), text: this.word('notOffered') };
    if (rule === 'EM-HRS-30') return { title: this.word('titleClosingSoon'), text: this.word('closingSoon') };
    return { title: this.word('titleClosed'), text: this.word('closed') };
  }

  async request(values) {
    if (this.isAsking) return;
    this.isAsking = true;
    this.start.isBusy(true);
    this.head(this.word('city'), this.word('connecting'));
    try {
      const { ok, answer } = await requestChat(this.root.dataset.sessions, values);
      if (!ok && answer.emergency) this.urgent.add(answer.emergency, true);
      if (ok) this.begun(answer, values);
      else if (['invalid', 'too_long', 'out_of_range', 'slow_down'].includes(answer.code)) this.mend(answer);
      else this.refused(answer);
    } catch (lost) {
      this.mend({ detail: this.word('network') });
    } finally {
      this.isAsking = false;
      this.start.isBusy(false);
    }
  }

  mend(answer) {
    this.head(this.word('city'), this.word('chat'));
    this.start.refuse(answer);
  }

  begun(answer, values) {
    returning.set(answer.returning);
    const department = this.start.form.elements.department;
    const kept = { session: answer.session, token: answer.token, department: department.selectedOptions[0]?.textContent ?? '', at: new Date().toISOString() };
    forTab.set('chat', kept);
    this.start.renew();
    this.open(kept, []);
    this.placed({ state: 'queued', position: answer.position, estimated_wait_seconds: answer.estimated_wait_seconds });
    this.focusWhenShown('#chat-text');
  }

  // ---- The conversation --------------------------------------------------

  open(kept, messages) {
    this.kept = kept;
    this.log.clear();
    this.idle.close();
    this.urgent.clear();
    this.screen('talk');
    this.find('[data-over]').hidden = true;
    this.find('[data-write]').hidden = false;
    this.find('[data-end]').hidden = false;
    this.text.value = forTab.get('draft') ?? '';
    this.head(this.word('city'), this.word('connecting'));
    this.announce(this.word('connecting'), true);
    this.chat = new Conversation({
      addresses: { socket: this.socketAddress(), sessions: this.root.dataset.sessions },
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
    this.tellHost();
  }

  socketAddress() {
    const url = new URL(this.root.dataset.socket, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url.href;
  }

  takers() {
    return {
      event: (event) => this.heard(event),
      masked: (event) => this.log.show(event),
      outbox: (item) => this.outboxChanged(item),
      state: (status) => this.placed(status),
      link: (state, why) => this.linkIs(state, why),
      typing: () => this.otherTypes(),
      read: (seq) => this.log.markRead(seq, (known) => this.chat.transcript.events.get(known)?.from === 'customer'),
      slow: () => this.announce(this.word('slow')),
      refused: (detail) => this.announce(detail),
    };
  }

  heard(event) {
    this.log.show(event);
    if (event.kind === 'notice' && event.rule === 'EM-911') this.warn(event);
    if (event.from === 'agent' && event.kind === 'message') this.stopTyping();
    this.idle.follow(this.chat.transcript.inOrder(), this.chat.skew);
    if (event.from !== 'customer' && ['message', 'joined', 'ended', 'notice'].includes(event.kind)) this.noteNew(event);
    this.noticeReading();
  }

  /** An emergency is said at once, the first time that this tab shows it. */
  warn({ seq, text, data }) {
    const warned = forTab.get('warned') ?? 0;
    this.log.keepingTheEnd(() => this.urgent.add({ kind: data.kind, text, numbers: data.numbers ?? [] }, seq > warned));
    forTab.set('warned', Math.max(seq, warned));
  }

  tell(event) {
    const name = event.name ?? this.word('agent');
    if (event.kind === 'message') {
      const own = event.from === 'customer';
      return { own, who: own ? this.word('you') : name, text: event.text };
    }
    const texts = {
      notice: event.text,
      joined: event.text || this.word('joined', { name }),
      left: event.text || this.word('left', { name }),
      requeued: event.text || this.word('requeued'),
      here: this.word('wereHere'),
      kept_open: this.word('keptOpen', { name }),
      ended: event.text || this.endText(event.from, name),
    };
    return event.kind === 'redacted' ? null : { text: texts[event.kind] ?? event.text };
  }

  endText(from, name) {
    if (from === 'customer') return this.word('endedByYou');
    return from === 'agent' && name ? this.word('endedBy', { name }) : this.word('ended');
  }

  outboxChanged(item) {
    if (this.chat?.outbox.has(item.id)) this.log.showUnsent(item);
    else this.log.forgetUnsent(item.id);
    if (item.state === 'refused' && item.emergency) this.urgent.add(item.emergency, true);
    forTab.set('outbox', this.chat?.outbox.items ?? []);
  }

  takeBack(item) {
    this.chat.outbox.settle(item.id);
    if (!this.text.value) this.text.value = item.text;
    this.drafted();
    this.text.focus();
  }

  placed(status) {
    this.status = status;
    const isQueued = status.state === 'queued';
    this.find('[data-queue]').hidden = !isQueued;
    if (isQueued) this.showPlace(status);
    if (status.state === 'ended') this.over();
    else if (status.agent_name) this.head(status.agent_name, this.word('with', { department: this.kept.department }));
    else this.head(this.word('city'), this.word('waiting', { department: this.kept.department }));
    this.tellHost();
  }

  showPlace({ position, estimated_wait_seconds: estimate }) {
    this.find('[data-position]').textContent = position ?? '–';
    this.find('[data-estimate]').textContent = sayWait(this.word, estimate) ?? this.word('soon');
  }

  over() {
    const outcome = this.status.outcome;
    this.head(this.word('city'), this.word('ended'));
    this.find('[data-write]').hidden = true;
    this.find('[data-end]').hidden = true;
    this.stopTyping();
    this.idle.close();
    const panel = this.find('[data-over]');
    if (!panel.hidden) return;
    panel.hidden = false;
    this.find('[data-over-text]').textContent = this.word({ inactive: 'endedInactive', closed: 'endedClosed' }[outcome] ?? 'ended');
    this.find('[data-over-ways]').hidden = !['inactive', 'closed'].includes(outcome);
    if (this.root.contains(document.activeElement) || document.activeElement === document.body) this.focusWhenShown('[data-over-text]');
    this.log.toTheEnd();
  }

  startAnother() {
    this.forget();
    this.lookWhoIsThere();
  }

  forget() {
    this.chat?.stop();
    this.chat = null;
    this.unread = 0;
    this.announce('', true);
    this.urgent.clear();
    for (const key of ['chat', 'outbox', 'draft', 'seen', 'warned']) forTab.drop(key);
    this.tellHost();
  }

  // ---- The connection ----------------------------------------------------

  linkIs(state, why) {
    if (state === 'open') this.connected();
    if (state === 'lost') this.lost();
    if (state === 'stopped') this.stopped(why);
    if (state === 'rested') this.announce('', true);
  }

  connected() {
    this.find('[data-log]').removeAttribute('aria-busy');
    this.announce(this.chat.isPolling ? this.word('poll') : '', true);
    if (this.wasLost && !this.chat.isPolling) this.announce(this.word('back'));
    this.wasLost = false;
    this.noticeReading();
  }

  lost() {
    this.wasLost = true;
    this.stopTyping();
    this.announce(this.word('reconnecting'), true);
  }

  stopped(why) {
    if (why === 'elsewhere') {
      this.screen('elsewhere');
      this.focusWhenShown('[data-elsewhere-title]');
      return;
    }
    this.forget();
    this.refused({ code: 'unauthorized', detail: this.word('expired') });
  }

  takeHere() {
    this.open(this.kept, this.chat.outbox.items);
    this.focusWhenShown('#chat-text');
  }

  // ---- Writing -----------------------------------------------------------

  write() {
    const text = this.text.value;
    if (!text.trim() || this.status?.state === 'ended') return;
    if (codePoints(text) > this.limits.text) {
      this.gauge();
      this.text.focus();
      return;
    }
    this.chat.write(text);
    this.text.value = '';
    this.drafted();
    this.text.focus();
  }

  drafted() {
    forTab.set('draft', this.text.value);
    this.gauge();
    this.grow();
    if (this.text.value) this.chat?.typing();
  }

  gauge() {
    const left = this.limits.text - codePoints(this.text.value);
    const isOver = left < 0;
    this.find('#chat-text-count').textContent = isOver ? this.word('tooLong', { n: -left }) : left < this.limits.text - GAUGE_FROM ? this.word('leftOver', { n: left }) : '';
    this.find('#chat-text-count').classList.toggle('is-over', isOver);
    this.text.setAttribute('aria-invalid', String(isOver));
  }

  grow() {
    const lines = this.text.value.split('\n').length;
    this.text.rows = Math.min(5, Math.max(lines, Math.ceil(this.text.value.length / 40), 1));
  }

  // ---- Being told --------------------------------------------------------

  /** Say it in the status region; what `stays` comes back after what is said in passing. */
  announce(text, stays = false) {
    clearTimeout(this.clearing);
    if (stays) this.lasting = text;
    this.find('[data-status]').textContent = text;
    if (!stays) this.clearing = setTimeout(() => this.announce(this.lasting ?? '', true), NOTICE_SHOWS);
  }

  otherTypes() {
    const name = this.status?.agent_name ?? this.word('agent');
    clearTimeout(this.clearing);
    clearTimeout(this.typingEnds);
    this.find('[data-status]').textContent = this.word('typing', { name });
    this.isOtherTyping = true;
    this.typingEnds = setTimeout(() => this.stopTyping(), TYPING_SHOWS);
  }

  stopTyping() {
    clearTimeout(this.typingEnds);
    if (this.isOtherTyping) this.announce(this.lasting ?? '', true);
    this.isOtherTyping = false;
  }

  isRead() {
    return this.host.isShown && !document.hidden && (this.host.isFramed || document.hasFocus());
  }

  noteNew(event) {
    if (this.isRead() || event.seq <= (forTab.get('seen') ?? 0)) return;
    this.unread += 1;
    this.tellHost();
  }

  noticeReading() {
    if (!this.chat || !this.isRead()) return;
    forTab.set('seen', this.chat.read());
    if (!this.unread) return;
    this.unread = 0;
    this.tellHost();
  }

  shown(wantsFocus) {
    this.log.toTheEnd();
    this.noticeReading();
    if (!wantsFocus) return;
    const target = { start: '#chat-name', talk: this.status?.state === 'ended' ? '[data-over-text]' : '#chat-text', refused: '[data-refused-title]', elsewhere: '[data-elsewhere-title]' }[this.shownScreen];
    if (target) this.find(target).focus();
  }

  told() {
    this.tellHost();
  }

  focusWhenShown(selector) {
    if (this.host.isFramed && this.host.isShown) this.find(selector).focus();
    if (!this.host.isFramed && this.hasActed()) this.find(selector).focus();
  }

  /** On a page of its own nothing takes the focus before somebody did something. */
  hasActed() {
    return navigator.userActivation?.hasBeenActive ?? true;
  }

  tellHost() {
    const isRunning = Boolean(this.chat) && this.status?.state !== 'ended';
    const label = this.unread === 1 ? this.word('newOne') : this.word('newMany', { n: this.unread });
    this.host.state({ running: isRunning, unread: this.unread, label: this.unread ? label : '' });
    if (!this.host.isFramed) document.title = this.unread ? `(${this.unread}) ${this.title}` : this.title;
  }

  // ---- Copy, and a window of its own -------------------------------------

  async copy() {
    const lines = this.chat.transcript.inOrder().map((event) => this.line(event)).filter(Boolean);
    try {
      await navigator.clipboard.writeText(lines.join('\n'));
      this.announce(this.word('copied'));
    } catch (refused) {
      this.announce(this.copyBySelection(lines.join('\n')) ? this.word('copied') : this.word('copyFailed'));
    }
  }

  copyBySelection(text) {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'hidden-text';
    this.root.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }

  line(event) {
    const said = this.tell(event);
    if (!said) return null;
    return said.who === undefined ? `${sayTime(event.at)} ${said.text}` : `${sayTime(event.at)} ${said.who}: ${said.text}`;
  }

  /** With a running chat the new window asks for it; the token goes from our origin to our origin only. */
  openOwnWindow(event) {
    if (!this.chat) return;
    event.preventDefault();
    this.ownWindow = window.open(`${this.root.dataset.page}?continue=1`, '_blank');
  }

  handOver(event) {
    if (event.origin !== window.location.origin) return;
    if (event.data?.townline === 'give' && event.source === this.ownWindow && this.chat) {
      this.ownWindow.postMessage({ townline: 'take', chat: this.kept, outbox: this.chat.outbox.items, draft: this.text.value }, window.location.origin);
      this.forget();
      this.refused({ code: 'moved', detail: this.word('moved') });
    }
    if (event.data?.townline === 'take' && event.source === window.opener && !this.chat) this.takeOver(event.data);
  }

  takeOver({ chat, outbox, draft }) {
    clearTimeout(this.nobodyGave);
    forTab.set('chat', chat);
    forTab.set('draft', draft);
    window.history.replaceState(null, '', this.root.dataset.page);
    this.open(chat, outbox);
  }

  askOpener() {
    if (!window.opener || !new URLSearchParams(window.location.search).has('continue')) return false;
    this.screen('loading');
    window.opener.postMessage({ townline: 'give' }, window.location.origin);
    this.nobodyGave = setTimeout(() => this.lookWhoIsThere(), 2000);
    return true;
  }
}

for (const root of document.querySelectorAll('[data-chat]')) new Widget(root);
