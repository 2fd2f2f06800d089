// The agent's desk: what comes over the socket, and where it shows.

import { Chat } from './chat.js';
import { Log } from '../chat/bubbles.js';
import { TYPING_SHOWS } from '../chat/paced.js';
import { Socket } from '../chat/socket.js';
import { Title } from './title.js';
import { MarkDialog } from './marking.js';
import { NoteThread } from './notes.js';
import { Shortcuts } from './shortcuts.js';
import { SilenceStrip, silenceChip, tickChips } from './silence.js';
import { flagChips } from './flags.js';
import { forTab } from '../chat/keep.js';
import { codePoints, sayTime, wordsOf } from '../chat/words.js';
import { chatRow, fill, seatNodes, stopwatch, waitingRow } from './lists.js';

const PAY_COMMAND = '/pay'; // the server puts the city's words in its place
const HERE_EVERY = 30000;
const TOAST_SHOWS = 8000;
const find = (selector) => document.querySelector(selector);

class Desk {
  constructor(root) {
    this.root = root;
    this.words = find('[data-words]');
    this.word = wordsOf(this.words);
    this.chats = new Map();
    this.queue = new Map();
    this.seenItems = new Map();
    this.team = new Map();
    this.seats = { held: 0, allowed: 0, why: '' };
    this.presence = 'offline';
    this.current = null;
    this.asking = new Set();
    this.putAway = new Set(forTab.get('put-away') ?? []);
    this.skew = 0;
    this.hereAt = 0;
    this.maxText = Number(root.dataset.maxText);
    this.reply = find('#reply');
    this.title = new Title(document.title, () => this.word('new'));
    this.log = new Log({
      log: find('[data-log]'),
      templates: { bubble: find('[data-bubble]'), margin: find('[data-margin]'), why: find('[data-why]'), unsent: find('[data-unsent-actions]'), page: find('[data-page-link]'), phone: find('[data-phone-link]') },
      word: this.word,
      tell: (event) => this.tell(event),
      onTakeBack: (item) => this.takeBack(item),
    });
    this.thread = new NoteThread({ log: this.log, template: find('[data-staff-note]'), word: this.word, label: (kind, value) => this.label(kind, value) });
    this.marking = new MarkDialog({ dialog: find('[data-mark-dialog]'), word: this.word, send: (frame) => this.socket.send(frame) });
    this.flagTemplates = { life: find('[data-life-chip]'), emergency: find('[data-emergency-chip]'), kept: find('[data-retained-chip]') };
    this.silence = new SilenceStrip({ strip: find('[data-silence]'), word: this.word, onKeepOpen: () => this.keepOpen() });
    this.listen();
    this.connect();
    setInterval(() => this.tick(), 1000);
    this.draw();
  }

  // ---- What one may press ------------------------------------------------

  listen() {
    find('[data-mine]').addEventListener('click', (event) => this.rowPressed(event));
    find('[data-waiting]').addEventListener('click', (event) => this.waitingPressed(event));
    find('[data-accept-next]').addEventListener('click', () => this.acceptNext());
    find('[data-go-online]').addEventListener('click', () => this.setPresence('online'));
    find('#presence').addEventListener('change', (event) => this.setPresence(event.target.value));
    find('[data-composer]').addEventListener('submit', (event) => {
      event.preventDefault();
      this.write();
    });
    this.reply.addEventListener('input', () => this.drafted());
    this.reply.addEventListener('keydown', (event) => this.typed(event));
    find('[data-end]').addEventListener('click', () => this.askEnd());
    find('[data-retain]').addEventListener('click', () => this.askMark());
    find('[data-end-dialog]').addEventListener('close', (event) => this.endChosen(event.target));
    find('[data-put-away]').addEventListener('click', () => this.putCurrentAway());
    find('[data-alert-retry]').addEventListener('click', () => this.connect());
    for (const type of ['keydown', 'pointerdown']) document.addEventListener(type, () => this.personIsHere(), { passive: true });
    for (const type of ['focus', 'visibilitychange']) window.addEventListener(type, () => this.looked());
    document.addEventListener('visibilitychange', () => this.looked());
    this.shortcuts = new Shortcuts({ dialog: find('[data-keys-dialog]'), opener: find('[data-show-keys]'), box: find('#single-keys') }, {
      KeyA: () => this.acceptNext(),
      KeyJ: () => this.step(1),
      KeyK: () => this.step(-1),
      KeyL: () => this.focusReply(),
      KeyE: () => this.askEnd(),
      KeyM: () => this.askMark(),
    });
  }

  rowPressed(event) {
    const row = event.target.closest('[data-key]');
    if (!row) return;
    event.preventDefault();
    this.select(row.dataset.key);
    this.focusReply();
  }

  waitingPressed(event) {
    const button = event.target.closest('[data-accept]');
    if (button) this.accept(button.dataset.session);
  }

  typed(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.write();
  }

  personIsHere() {
    if (Date.now() - this.hereAt < HERE_EVERY) return;
    if (this.socket?.send({ type: 'here', ref: 'quiet' })) this.hereAt = Date.now();
  }

  // ---- The connection ----------------------------------------------------

  connect() {
    find('[data-alert]').hidden = true;
    const url = new URL(this.root.dataset.socket, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket?.stop();
    this.socket = new Socket({
      url: url.href,
      hello: () => ({ type: 'hello', cursors: Object.fromEntries([...this.chats].map(([id, chat]) => [id, chat.transcript.cursor])) }),
      proof: () => this.proof(),
      onFrame: (frame) => this.receive(frame),
      onState: (state, why) => this.linkIs(state, why),
    });
  }

  /** A frame that is answered, whatever the answer: the way is open. */
  proof() {
    const running = [...this.chats.values()].find((chat) => chat.isRunning);
    return { type: 'resync', session: running?.session ?? '', last_seq: running?.transcript.cursor ?? 0, ref: 'quiet' };
  }

  linkIs(state, why) {
    if (state !== 'open') for (const chat of this.chats.values()) chat.outbox.close();
    const texts = { open: 'connected', connecting: 'connecting', lost: 'lost', stopped: 'stopped' };
    find('[data-link]').classList.toggle('is-off', state === 'lost' || state === 'stopped');
    find('[data-link-text]').textContent = this.word(texts[state]);
    find('#presence').disabled = state !== 'open';
    this.isOpen = state === 'open';
    if (state === 'stopped') this.stopped(why);
    if (state !== 'open') this.asking.clear();
    if (state !== 'open') this.marking.lost();
    this.draw();
  }

  stopped(why) {
    find('[data-alert-text]').textContent = this.word(why);
    find('[data-alert-login]').hidden = why !== 'unauthorized';
    find('[data-alert-retry]').hidden = why === 'forbidden';
    find('[data-alert]').hidden = false;
  }

  receive(frame) {
    const takers = {
      welcome: () => this.welcomed(frame),
      event: () => this.heard(frame),
      redacted: () => this.redacted(frame),
      staff_event: () => this.noted(frame),
      ack: () => this.acked(frame),
      ok: () => this.granted(frame),
      error: () => this.refused(frame),
      queue: () => this.queueChanged(frame),
      seats: () => this.seatsChanged(frame),
      presence: () => this.presenceChanged(frame),
      typing: () => this.otherTypes(frame),
      read: () => this.otherRead(frame),
    };
    takers[frame.type]?.();
  }

  welcomed(frame) {
    this.me = frame.agent;
    this.presence = frame.presence;
    this.seats = frame.seats;
    this.skew = new Date(frame.server_time).getTime() - Date.now();
    this.queue = new Map();
    this.queueChanged({ items: frame.queue });
    this.team = new Map(frame.colleagues.map((each) => [each.id, each]));
    for (const facts of frame.sessions) this.known(facts);
    this.missingAreGone(new Set(frame.sessions.map((each) => each.session)));
    for (const chat of this.chats.values()) chat.outbox.open();
    this.draw();
    this.looked();
  }

  known(facts) {
    if (this.putAway.has(facts.session) && facts.state === 'ended') return;
    const { name, department, language, state, requested_at, accepted_at, outcome, topic, emergency, retained } = facts;
    this.chat(facts.session).learn({ name, department, language, state, requested_at, accepted_at, outcome, topic, emergency, retained });
  }

  missingAreGone(present) {
    for (const [id, chat] of this.chats) if (!present.has(id) && chat.isRunning) chat.learn({ state: 'gone' });
  }

  /** The chat with this id; made when it is new, with what the queue said of it. */
  chat(id) {
    if (!this.chats.has(id)) {
      const chat = new Chat(id, {
        send: (frame) => this.socket.send(frame),
        onOutbox: (which, item) => this.outboxChanged(which, item),
        seen: (forTab.get('seen') ?? {})[id] ?? 0,
      });
      const waited = this.seenItems.get(id);
      if (waited) chat.learn({ department: waited.department, language: waited.language, topic: waited.topic, requested_at: waited.queued_at });
      if (this.isOpen) chat.outbox.open();
      this.chats.set(id, chat);
    }
    return this.chats.get(id);
  }

  // ---- What comes in -----------------------------------------------------

  heard(event) {
    if (this.putAway.has(event.session)) return;
    const chat = this.chat(event.session);
    if (!chat.hear(event)) return;
    if (chat === this.current) this.showEvent(chat, event);
    chat.askForHole();
    this.drawSoon();
  }

  showEvent(chat, event) {
    const shown = chat.transcript.events.get(event.kind === 'redacted' ? event.data.seq : event.seq);
    if (shown) this.log.show(shown);
    this.thread.show(chat);
    if (event.from === 'customer') this.stopTyping();
    this.looked();
  }

  redacted({ session, seq, text }) {
    const chat = this.chats.get(session);
    chat?.transcript.redact(seq, text);
    const event = chat?.transcript.events.get(seq);
    if (event && chat === this.current) this.log.show(event);
  }

  noted(entry) {
    if (this.putAway.has(entry.session)) return;
    const chat = this.chat(entry.session);
    if (!chat.noted(entry)) return;
    if (chat === this.current) this.thread.show(chat);
    this.drawSoon();
  }

  acked(frame) {
    const chat = this.chatOf(frame);
    const event = chat?.acked(frame, this.skew);
    if (event && chat === this.current) this.log.show(event);
    chat?.askForHole();
    this.drawSoon();
  }

  /** An answer names its session, or the message it answers. */
  chatOf({ session, id }) {
    return this.chats.get(session) ?? [...this.chats.values()].find((chat) => chat.outbox.has(id));
  }

  granted({ ref }) {
    const [what, id] = (ref ?? '').split(' ');
    if (what === 'accept') this.accepted(id);
    if (what === 'mark') this.marked(id);
  }

  accepted(id) {
    this.asking.delete(id);
    const chat = this.chat(id);
    if (!this.reply.value.trim() || !this.current) {
      this.select(id);
      this.focusReply();
    } else {
      this.toast(this.word('taken', { name: chat.facts.name ?? this.word('customer') }));
    }
    this.draw();
  }

  refused(frame) {
    const [what, id] = (frame.ref ?? '').split(' ');
    if (what === 'quiet') return;
    if (what === 'mark') {
      this.marking.refuse(frame.detail);
      return;
    }
    const chat = this.chatOf(frame);
    if (frame.code === 'slow_down' && chat) {
      chat.outbox.wait(frame.retry_after ?? 5);
      this.toast(this.word('slow'));
      return;
    }
    if (chat && frame.id) chat.outbox.refuse(frame.id, frame.detail);
    if (what === 'accept') this.asking.delete(id);
    if (what === 'presence') find('#presence').value = this.presence;
    if (frame.code !== 'slow_down' || what) this.toast(frame.detail);
    this.draw();
  }

  queueChanged({ items, added = [], removed = [] }) {
    if (items) this.queue.clear();
    for (const item of [...(items ?? []), ...added]) {
      this.queue.set(item.session, item);
      this.seenItems.set(item.session, item);
    }
    for (const id of removed) this.queue.delete(id);
    this.drawSoon();
  }

  seatsChanged({ held, allowed, why }) {
    this.seats = { held, allowed, why };
    this.drawSoon();
  }

  presenceChanged({ agent, state, name }) {
    if (agent === this.me?.id) this.presence = state;
    else if (state === 'offline') this.team.delete(agent);
    else this.team.set(agent, { id: agent, ...this.team.get(agent), ...(name ? { name } : {}), state });
    this.drawSoon();
  }

  otherTypes({ session }) {
    if (this.current?.session !== session) return;
    clearTimeout(this.typingEnds);
    find('[data-typing]').textContent = this.word('typing', { name: this.current.facts.name ?? this.word('customer') });
    this.typingEnds = setTimeout(() => this.stopTyping(), TYPING_SHOWS);
  }

  stopTyping() {
    clearTimeout(this.typingEnds);
    find('[data-typing]').textContent = '';
  }

  otherRead({ session, seq }) {
    const chat = this.chats.get(session);
    if (!chat) return;
    chat.readByOther = Math.max(chat.readByOther, seq);
    if (chat === this.current) this.markRead(chat);
  }

  markRead(chat) {
    this.log.markRead(chat.readByOther, (seq) => {
      const event = chat.transcript.events.get(seq);
      return event?.from === 'agent' && event.kind === 'message';
    });
  }

  // ---- What one does -----------------------------------------------------

  setPresence(state) {
    if (!this.socket.send({ type: 'presence', state, ref: `presence ${state}` })) find('#presence').value = this.presence;
  }

  waitingInOrder() {
    return [...this.queue.values()];
  }

  acceptNext() {
    const next = this.waitingInOrder().find((item) => !this.asking.has(item.session));
    if (next) this.accept(next.session);
    else this.toast(this.word('nothing'));
  }

  accept(session) {
    if (this.presence !== 'online') {
      this.toast(this.word('offlineAccept'));
      return;
    }
    if (this.asking.has(session)) return;
    if (this.socket.send({ type: 'accept', session, ref: `accept ${session}` })) this.asking.add(session);
    this.draw();
  }

  select(id) {
    const chat = this.chats.get(id);
    if (!chat || chat === this.current) return;
    this.keepDraft();
    this.current = chat;
    this.stopTyping();
    const log = find('[data-log]');
    log.setAttribute('aria-busy', 'true');
    this.log.clear();
    this.thread.clear();
    for (const event of chat.transcript.inOrder()) this.log.show(event);
    this.thread.show(chat);
    for (const item of chat.outbox.items) this.log.showUnsent(item);
    this.markRead(chat);
    this.reply.value = chat.draft;
    this.gauge();
    this.draw();
    this.log.toTheEnd();
    log.removeAttribute('aria-busy');
    this.looked();
  }

  keepDraft() {
    if (this.current) this.current.draft = this.reply.value;
  }

  step(by) {
    const ids = [...this.chats.keys()];
    if (!ids.length) return;
    const at = ids.indexOf(this.current?.session);
    this.select(ids[(at + by + ids.length) % ids.length] ?? ids[0]);
    this.focusReply();
  }

  focusReply() {
    if (!this.current) return;
    (this.current.isRunning ? this.reply : find('[data-put-away]')).focus();
  }

  write() {
    const text = this.reply.value;
    if (!this.current?.isRunning || !text.trim()) return;
    if (codePoints(text) > this.maxText) {
      this.gauge();
      return;
    }
    this.current.write(text);
    this.reply.value = '';
    this.keepDraft();
    this.gauge();
    this.reply.focus();
  }

  drafted() {
    this.keepDraft();
    this.gauge();
    if (this.reply.value) this.current?.typing();
  }

  gauge() {
    const over = codePoints(this.reply.value) - this.maxText;
    find('#reply-count').textContent = over > 0 ? this.word('tooLong', { n: over }) : '';
    find('#reply-count').classList.toggle('is-over', over > 0);
    this.reply.setAttribute('aria-invalid', String(over > 0));
    find('#reply-pay').textContent = this.reply.value.trim() === PAY_COMMAND ? this.word('payHint') : '';
  }

  outboxChanged(chat, item) {
    if (chat !== this.current) return;
    if (chat.outbox.has(item.id)) this.log.showUnsent(item);
    else this.log.forgetUnsent(item.id);
  }

  takeBack(item) {
    this.current.outbox.settle(item.id);
    if (!this.reply.value) this.reply.value = item.text;
    this.drafted();
    this.reply.focus();
  }

  keepOpen() {
    const { session } = this.current;
    this.socket.send({ type: 'keep_open', session, ref: `keep ${session}` });
    this.reply.focus();
  }

  askEnd() {
    if (!this.current?.isRunning || document.querySelector('dialog[open]')) return;
    find('[data-end-title]').textContent = this.word('end', { name: this.current.facts.name ?? this.word('customer') });
    this.ending = this.current;
    find('[data-end-dialog]').showModal();
  }

  endChosen(dialog) {
    const chosen = dialog.returnValue;
    dialog.returnValue = '';
    if (chosen === 'end') this.socket.send({ type: 'end', session: this.ending.session, outcome: find('#outcome').value, ref: `end ${this.ending.session}` });
    this.focusReply();
  }

  askMark() {
    const chat = this.current;
    if (!chat || chat.facts.state === 'gone' || document.querySelector('dialog[open]')) return;
    this.marking.open(chat, chat.facts.name ?? this.word('customer'));
  }

  marked(session) {
    this.marking.done();
    this.toast(this.word('markDone', { name: this.chat(session).facts.name ?? this.word('customer') }));
  }

  putCurrentAway() {
    const { session } = this.current;
    this.chats.delete(session);
    this.putAway.add(session);
    forTab.set('put-away', [...this.putAway].slice(-200));
    this.current = null;
    this.reply.value = '';
    this.log.clear();
    this.thread.clear();
    const next = [...this.chats.keys()].pop();
    if (next) this.select(next);
    this.draw();
    find(next ? '#reply' : '#main').focus();
  }

  looked() {
    if (!this.current || document.hidden || !document.hasFocus()) return;
    this.current.read();
    forTab.set('seen', Object.fromEntries([...this.chats].map(([id, chat]) => [id, chat.seen])));
    this.drawSoon();
  }

  // ---- How it looks ------------------------------------------------------

  tell(event) {
    const name = event.name ?? this.word('agent');
    if (event.kind === 'message') {
      const own = event.from === 'agent' && (event.own || !event.name || event.name === this.me?.name);
      const who = event.from === 'customer' ? event.name ?? this.current.facts.name ?? this.word('customer') : name;
      return { own, who: own ? this.word('you') : who, text: event.text };
    }
    const texts = {
      notice: event.text,
      joined: event.text || this.word('joined', { name }),
      left: event.text || this.word('left', { name }),
      requeued: event.text || this.word('requeued'),
      here: this.word('here', { name: event.name ?? this.word('customer') }),
      kept_open: this.word('keptOpen', { name }),
      ended: event.text || this.outcomeText(event.data?.outcome),
    };
    return event.kind === 'redacted' ? null : { text: texts[event.kind] ?? event.text };
  }

  /** The word for a value: an outcome (o), a presence (p), an emergency (e), a reason (r), what was hidden (f). */
  label(kind, value) {
    return value ? this.words.getAttribute(`data-${kind}-${value}`) ?? value : '';
  }

  outcomeText(outcome) {
    const label = this.label('o', outcome);
    return label ? this.word('endedAs', { outcome: label }) : this.word('ended');
  }

  endedAs(outcome) {
    const label = this.label('o', outcome);
    return label ? `${this.word('endedChip')}: ${label}` : this.word('endedChip');
  }

  nameOf(list, code) {
    return find(`[data-${list}] [data-code="${CSS.escape(code ?? '')}"]`)?.textContent ?? code ?? '';
  }

  drawSoon() {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => this.draw());
  }

  draw() {
    this.drawing = false;
    this.drawMine();
    this.drawWaiting();
    this.drawThread();
    this.drawAbout();
    this.drawSeats();
    this.drawTeam();
    this.drawPresence();
    this.drawTitle();
    this.tick();
  }

  drawMine() {
    const silent = (chat) => silenceChip(find('[data-silence-chip]'), chat, this.word, this.skew);
    const flags = (chat) => flagChips(this.flagTemplates, chat.facts, this.word);
    const options = { word: this.word, endedChip: find('[data-ended-chip]'), silent, flags };
    const rows = [...this.chats.values()].map((chat) => chatRow(find('[data-row]'), chat, { ...options, isCurrent: chat === this.current }));
    fill(find('[data-mine]'), rows);
    find('[data-no-mine]').hidden = rows.length > 0;
    find('[data-mine]').hidden = rows.length === 0;
    find('[data-seats]').textContent = this.seats.allowed ? this.word('seatsOf', this.seats) : '';
  }

  drawWaiting() {
    const canAccept = this.isOpen && this.presence === 'online' && this.seats.held < this.seats.allowed;
    const rows = this.waitingInOrder().map((item) => waitingRow(find('[data-waiting-row]'), item, {
      word: this.word,
      department: this.nameOf('departments', item.department),
      language: this.nameOf('languages', item.language),
      canAccept,
      isAsking: this.asking.has(item.session),
    }));
    fill(find('[data-waiting]'), rows);
    find('[data-no-waiting]').hidden = rows.length > 0;
    find('[data-waiting]').hidden = rows.length === 0;
    find('[data-waiting-count]').textContent = String(rows.length);
    find('[data-waiting-count]').classList.toggle('count-new', rows.length > 0);
  }

  drawThread() {
    const chat = this.current;
    find('[data-empty]').hidden = Boolean(chat);
    find('[data-thread]').hidden = !chat;
    if (!chat) {
      this.drawEmpty();
      return;
    }
    const { name, department, language, accepted_at: accepted } = chat.facts;
    const shownName = name ?? this.word('customer');
    find('[data-thread-name]').textContent = shownName;
    find('[data-thread-sub]').textContent = [this.nameOf('departments', department), this.nameOf('languages', language), accepted && this.word('inChat', { time: sayTime(accepted) })].filter(Boolean).join(' · ');
    find('[data-reply-label]').textContent = this.word('reply', { name: shownName });
    this.drawFlags(chat);
    this.silence.show(chat, shownName);
    const wasWriting = find('[data-composer]').contains(document.activeElement);
    find('[data-end]').hidden = !chat.isRunning;
    find('[data-composer]').hidden = !chat.isRunning;
    find('[data-over]').hidden = chat.isRunning;
    if (wasWriting && !chat.isRunning) find('[data-put-away]').focus();
    find('[data-over-text]').textContent = chat.facts.state === 'gone' ? this.word('gone') : this.outcomeText(chat.facts.outcome);
  }

  drawFlags({ facts }) {
    find('[data-thread-flags]').replaceChildren(...flagChips(this.flagTemplates, facts, this.word));
    find('[data-retain]').hidden = facts.state === 'gone';
    find('[data-retain-text]').textContent = this.word(facts.retained ? 'isMarked' : 'mark');
  }

  drawEmpty() {
    const isOnline = this.presence === 'online';
    const waiting = this.queue.size;
    find('[data-empty-text]').textContent = !isOnline ? this.word('offline') : waiting ? this.word('some', { n: waiting }) : this.word('nobody');
    find('[data-go-online]').hidden = isOnline || !this.isOpen;
    find('[data-accept-next]').hidden = !isOnline || !waiting || !this.isOpen;
  }

  drawAbout() {
    const chat = this.current;
    find('[data-about]').hidden = !chat;
    if (!chat) return;
    const { name, department, language, requested_at: asked, accepted_at: accepted, state, outcome } = chat.facts;
    const facts = {
      name: name ?? '',
      department: this.nameOf('departments', department),
      language: this.nameOf('languages', language),
      asked: asked ? sayTime(asked) : '',
      waited: asked && accepted ? stopwatch(new Date(accepted) - new Date(asked)) : '',
      state: { ended: this.endedAs(outcome), gone: this.word('goneChip'), on_hold: this.word('held') }[state] ?? this.word('running'),
    };
    for (const [key, text] of Object.entries(facts)) find(`[data-fact="${key}"]`).textContent = text;
  }

  drawSeats() {
    const names = [...this.chats.values()].filter((chat) => chat.isRunning).map((chat) => chat.facts.name?.split(/\s/)[0]);
    fill(find('[data-seat-list]'), seatNodes(this.seats, names, { free: find('[data-seat]'), taken: find('[data-seat-held]'), word: this.word }));
    find('[data-seats-count]').textContent = this.word('seats', this.seats);
    const count = this.word('seats', this.seats);
    find('[data-seats-why]').textContent = this.seats.why?.startsWith(count) ? '' : this.seats.why ?? '';
  }

  drawTeam() {
    const others = [...this.team.values()].filter((each) => each.id !== this.me?.id && each.name);
    const nodes = others.map((each) => Object.assign(document.createElement('li'), { textContent: `${each.name} · ${this.label('p', each.state)}` }));
    fill(find('[data-team]'), nodes);
    find('[data-no-team]').hidden = nodes.length > 0;
    find('[data-team]').hidden = nodes.length === 0;
  }

  drawPresence() {
    find('#presence').value = this.presence;
    find('[data-lamp]').classList.toggle('lamp-on', this.presence === 'online' && this.isOpen === true);
  }

  drawTitle() {
    const unread = [...this.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
    this.title.show(unread);
    find('[data-jump-count]').textContent = String(unread + this.queue.size);
    find('[data-jump-count]').hidden = unread + this.queue.size === 0;
  }

  /** Only times that run. Not in a live region. */
  tick() {
    const now = Date.now() + this.skew;
    let longest = 0;
    for (const row of document.querySelectorAll('[data-waiting] [data-since]')) {
      const waited = now - new Date(row.dataset.since);
      longest = Math.max(longest, waited);
      row.querySelector('.when').textContent = stopwatch(waited);
    }
    this.silence.tick(this.skew);
    tickChips(find('[data-mine]'), this.word, this.skew);
    find('[data-longest]').textContent = this.queue.size ? this.word('longest', { time: stopwatch(longest) }) : '';
  }

  toast(text) {
    const node = find('[data-toast]').content.firstElementChild.cloneNode(true);
    node.querySelector('p').textContent = text;
    node.querySelector('button').addEventListener('click', () => node.remove());
    find('[data-toasts]').append(node);
    setTimeout(() => node.remove(), TOAST_SHOWS);
  }
}

new Desk(find('[data-desk]'));
