// The agent's desk: what comes over the socket, what one presses, and who draws what.

import { wordsOf } from '../chat/words.js';
import { About } from './about.js';
import { caseDialog, WrapUp } from './after.js';
import { Alerts } from './alerts.js';
import { Asking } from './asking.js';
import { BackupLine } from './backup.js';
import { Board } from './board.js';
import { Composer } from './composer.js';
import { chatFor, fieldsFor } from './filling.js';
import { Frames } from './frames.js';
import { labelsOf } from './labels.js';
import { Leftover } from './leftover.js';
import { Link } from './link.js';
import { markDialog } from './marking.js';
import { Offers } from './offers.js';
import { find, toast } from './page.js';
import { Passing } from './passing.js';
import { Refer } from './referring.js';
import { attachScripts } from './scripts.js';
import { Aloud, Owed } from './sending.js';
import { Shortcuts } from './shortcuts.js';
import { Thread } from './thread.js';
import { Title } from './title.js';
import { Windows } from './windows.js';
import { Work } from './work.js';

const HERE_EVERY = 30000;

class Desk {
  constructor(root) {
    this.words = find('[data-words]');
    const word = wordsOf(this.words);
    const send = (frame) => this.link.send(frame);
    this.aloud = new Aloud({ send, word });
    const aloud = (frame) => this.aloud.send(frame);
    this.owed = new Owed(send);
    const { label, outcomeText, endedAs } = labelsOf(this.words, word);
    Object.assign(this, { word, send, sendAloud: aloud });
    this.asking = new Set();
    this.hereAt = 0;
    window.addEventListener('beforeunload', (event) => { if (this.composer.isWriting || this.board.hasDrafts || this.wrapUp.isWriting) event.preventDefault(); });
    const board = new Board({ send, onOutbox: (chat, item) => this.outboxChanged(chat, item) });
    this.board = board;
    this.windows = new Windows({ word });
    this.title = new Title(document.title, () => word('new'));
    this.alerts = new Alerts(word);
    this.backupLine = new BackupLine({ board, word });
    this.work = new Work({ board, word, label, asking: this.asking, onSelect: (id) => this.selectAndReply(id), onAccept: (id) => this.accept(id) });
    this.offers = new Offers({ board, word, send, sendAloud: aloud, asking: this.asking, onAccept: (id) => this.accept(id) });
    this.thread = new Thread({ board, word, label, outcomeText, onTakeBack: (item) => this.takeBack(item), onKeepOpen: () => this.keepOpen(), onReportLink: (seq) => this.reportLink(seq) });
    this.composer = new Composer({ word, maxText: Number(root.dataset.maxText), owed: this.owed, sendAloud: aloud, why: (stopped) => this.thread.log.why(stopped), onTyping: () => this.windows.typing() });
    this.about = new About({ board, word, label, endedAs });
    this.marking = markDialog({ word, send, done: (session) => this.asks.marked(session) });
    this.passing = new Passing({ board, word, send, sendAloud: aloud });
    this.refer = new Refer({
      addresses: { directory: root.dataset.directory, ways: root.dataset.referAddress, message: root.dataset.messageAddress },
      word,
      why: (told) => this.thread.log.why(told),
      transfer: (chat, code) => this.passing.askDepartment(chat, code),
      write: (chat, text) => this.composer.insertFor(chat, text),
      onClose: () => this.focusReply(),
    });
    this.wrapUp = new WrapUp({ board, word, send, onDone: (session) => this.roundedOff(session) });
    this.leftover = new Leftover({ composer: this.composer, wrapUp: this.wrapUp });
    this.caseDialog = caseDialog({ word, send, done: () => toast(word('caseDone')) });
    this.scripts = attachScripts({ textarea: this.composer.box, url: root.dataset.scripts, word, isCommand: (text) => this.composer.isCommand(text), fields: () => fieldsFor(this.current, board, this.words.dataset.city ?? ''), chat: () => chatFor(this.current) });
    this.composer.box.addEventListener('scripts:step', ({ detail }) => { if (detail.outcome && this.current) this.current.suggested = detail.outcome; });
    this.frames = new Frames(this);
    this.asks = new Asking(this);
    this.link = new Link({
      address: root.dataset.socket,
      word,
      hello: () => ({ type: 'hello', cursors: Object.fromEntries([...board.chats].map(([id, chat]) => [id, chat.transcript.cursor])) }),
      proof: () => this.proof(),
      onFrame: (frame) => this.frames.receive(frame),
      onState: (isOpen) => this.linkIs(isOpen),
    });
    this.listen();
    this.link.connect();
    setInterval(() => this.tick(), 1000);
    this.draw();
  }

  get current() {
    return this.thread.current;
  }

  // ---- What one may press ------------------------------------------------

  listen() {
    const presses = {
      '[data-accept-next]': () => this.acceptNext(),
      '[data-go-online]': () => this.goOnline(),
      '[data-end]': () => this.asks.end(),
      '[data-retain]': () => this.asks.mark(),
      '[data-hold]': () => this.passing.hold(this.current),
      '[data-resume]': () => this.passing.hold(this.current),
      '[data-transfer]': () => this.passing.ask(this.current),
      '[data-refer]': () => this.asks.refer(),
      '[data-case]': () => this.asks.openCase(),
      '[data-put-away]': () => this.putCurrentAway(),
    };
    for (const [selector, act] of Object.entries(presses)) find(selector).addEventListener('click', act);
    find('#presence').addEventListener('change', (event) => this.setPresence(event.target.value));
    for (const type of ['keydown', 'pointerdown']) document.addEventListener(type, () => this.personIsHere(), { passive: true });
    for (const type of ['focus', 'visibilitychange']) window.addEventListener(type, () => this.looked());
    document.addEventListener('visibilitychange', () => this.looked());
    this.shortcuts = new Shortcuts({ dialog: find('[data-keys-dialog]'), opener: find('[data-show-keys]'), single: find('#single-keys'), alt: find('#alt-keys') }, {
      KeyA: () => this.acceptNext(),
      KeyD: () => this.offers.decline(),
      KeyJ: () => this.step(1),
      KeyK: () => this.step(-1),
      KeyL: () => this.focusReply(),
      KeyN: () => this.composer.switchTo('note'),
      KeyH: () => this.passing.hold(this.current),
      KeyT: () => this.passing.ask(this.current),
      KeyR: () => this.asks.refer(),
      KeyC: () => this.asks.openCase(),
      KeyE: () => this.asks.end(),
      KeyM: () => this.asks.mark(),
    });
  }

  personIsHere() {
    if (Date.now() - this.hereAt < HERE_EVERY) return;
    if (this.send({ type: 'here', ref: 'quiet' })) this.hereAt = Date.now();
  }

  // ---- The connection ----------------------------------------------------

  /** A frame that is answered, whatever the answer: the way is open. */
  proof() {
    const running = [...this.board.chats.values()].find((chat) => chat.isRunning);
    return { type: 'resync', session: running?.session ?? '', last_seq: running?.transcript.cursor ?? 0, ref: 'quiet' };
  }

  linkIs(isOpen) {
    const isLost = this.board.isOpen && !isOpen; // each further try that fails is no news
    this.board.opened(isOpen);
    if (isLost) {
      this.asking.clear();
      this.composer.noteRefused();
      this.aloud.lost();
      this.wrapUp.lost();
      for (const dialog of this.frames.dialogs) dialog.lost();
    }
    if (isOpen) {
      this.owed.again();
      for (const each of [...this.frames.dialogs, this.refer]) each.linked();
    }
    this.draw();
  }

  // ---- What one does -----------------------------------------------------

  setPresence(state) {
    if (!this.sendAloud({ type: 'presence', state, ref: `presence ${state}` })) find('#presence').value = this.board.presence;
  }

  /** By the button, which is gone then: the focus goes to where presence is changed. */
  goOnline() {
    this.setPresence('online');
    find('#presence').focus();
  }

  acceptNext() {
    if (this.offers.first) {
      this.offers.accept(this.offers.first.session);
      return;
    }
    const isAsked = ({ session }) => this.asking.has(session);
    const next = this.board.free.find((item) => !isAsked(item));
    if (next) this.accept(next.session);
    else toast(this.word([...this.board.queue.values()].every(isAsked) ? 'nothing' : 'offeredElsewhere'));
  }

  accept(session) {
    if (this.board.presence !== 'online') {
      toast(this.word('offlineAccept'));
      return;
    }
    if (this.board.isElsewhere(session)) {
      toast(this.word('offeredElsewhere'));
      return;
    }
    if (this.asking.has(session)) return;
    if (this.sendAloud({ type: 'accept', session, ref: `accept ${session}` })) this.asking.add(session);
    this.draw();
  }

  accepted(id) {
    this.asking.delete(id);
    const chat = this.board.chat(id);
    this.board.offerGone({ session: id });
    this.board.queued({ removed: [id] }); // the server says so, too, a moment later
    if (this.composer.isWriting && this.current?.isRunning) toast(this.word('taken', { name: chat.facts.name ?? this.word('customer') }));
    else this.selectAndReply(id);
  }

  select(id) {
    const chat = this.board.chats.get(id);
    if (!chat || chat === this.current) return;
    this.composer.keep();
    if (this.current) this.current.sequence = this.scripts.running();
    this.scripts.stop();
    this.thread.open(chat);
    this.composer.show(chat);
    if (chat.sequence) this.scripts.resume(chat.sequence);
    this.wrapUp.forget();
    this.draw();
    this.looked();
  }

  selectAndReply(id) {
    this.select(id);
    this.focusReply();
  }

  step(by) {
    const ids = [...this.board.chats.keys()];
    if (!ids.length) return;
    const at = ids.indexOf(this.current?.session);
    this.selectAndReply(ids[(at + by + ids.length) % ids.length] ?? ids[0]);
  }

  focusReply() {
    if (this.current) this.nextPlace(this.current).focus();
  }

  /** Likewise, and on to what is asked after the end, once that is known. */
  goOnWriting() {
    this.wroteIn = this.current;
    this.focusReply();
  }

  /** Where one goes on in a chat: the reply; after the end what was not sent, what is asked, or putting it away. */
  nextPlace(chat) {
    if (chat.isRunning) return this.composer.box;
    if (this.leftover.isShown) return this.leftover.box; // no key that is pressed now becomes a letter elsewhere
    return this.wrapUp.form.hidden ? find('[data-put-away]') : this.wrapUp.note;
  }

  outboxChanged(chat, item) {
    if (chat !== this.current) return;
    if (chat.outbox.has(item.id)) this.thread.log.showUnsent(item);
    else this.thread.log.forgetUnsent(item.id);
  }

  takeBack(item) {
    this.composer.takeBack(item);
    this.drawAnswering();
    this.focusReply();
  }

  keepOpen() {
    const { session } = this.current;
    this.sendAloud({ type: 'keep_open', session, ref: `keep ${session}` });
    this.composer.box.focus();
  }

  reportLink(seq) {
    this.sendAloud({ type: 'report_link', session: this.current.session, seq, ref: `link ${this.current.session}` });
  }

  roundedOff(session) {
    const chat = this.board.chats.get(session);
    chat?.learn({ wrap_up_deadline: null, wrapped_up_at: new Date(this.board.now()).toISOString() });
    toast(this.word('wrapDone'));
    if (chat === this.current) find('[data-put-away]').focus();
  }

  putCurrentAway() {
    if (this.leftover.isShown) {
      toast(this.word('notPutAway'));
      this.leftover.box.focus();
      return;
    }
    this.board.away(this.current.session);
    this.composer.chat = null;
    this.composer.box.value = '';
    this.thread.open(null);
    const next = [...this.board.chats.keys()].pop();
    if (next) this.select(next);
    this.draw();
    if (next) this.focusReply();
    else find('#main').focus();
  }

  looked() {
    if (!this.current || document.hidden || !document.hasFocus()) return;
    this.current.read();
    this.board.noteSeen();
    this.drawSoon();
  }

  // ---- How it looks ------------------------------------------------------

  drawSoon() {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => this.draw());
  }

  draw() {
    this.drawing = false;
    this.work.draw(this.current);
    this.offers.draw();
    this.thread.draw();
    this.windows.show(this.current);
    this.windows.draw();
    this.drawAnswering();
    this.asks.warn();
    this.about.draw(this.current);
    this.drawPresence();
    this.backupLine.draw();
    const { unread, queue, offers } = this.board;
    this.title.show(unread + offers.size);
    this.alerts.badge(unread + offers.size);
    const toDo = unread + queue.size + offers.size;
    find('[data-jump-count]').textContent = String(toDo);
    find('[data-jump-count]').hidden = toDo === 0;
    this.tick();
  }

  drawAnswering() {
    const chat = this.current;
    if (!chat) return;
    const wasWriting = this.composer.form.contains(document.activeElement);
    const wasAsked = !this.wrapUp.form.hidden;
    this.thread.log.keepingTheEnd(() => {
      this.composer.form.hidden = !chat.isRunning;
      this.composer.label();
      this.composer.stopped.show();
      this.wrapUp.show(chat);
      this.leftover.show(chat);
    });
    const isAsked = !wasAsked && !this.wrapUp.form.hidden; // the end may be known before what is asked after it
    const isHeld = isAsked && document.activeElement === find('[data-put-away]');
    if (wasWriting && !chat.isRunning) this.wroteIn = chat;
    const goesOn = this.wroteIn === chat && (chat.isRunning || isHeld);
    if ((wasWriting && !chat.isRunning) || goesOn) this.nextPlace(chat).focus();
    if (chat.isRunning) this.wroteIn = null;
  }

  drawPresence() {
    find('#presence').value = this.board.presence;
    find('[data-lamp]').classList.toggle('lamp-on', this.board.presence === 'online' && this.board.isOpen);
  }

  tick() {
    this.work.tick();
    this.offers.tick();
    this.thread.tick();
    this.windows.draw();
    const until = this.current?.facts.wrap_up_deadline;
    find('[data-wrap-left]').textContent = until ? this.word('wrapLeft', { n: Math.max(0, Math.ceil((new Date(until) - this.board.now()) / 60000)) }) : '';
  }
}

new Desk(find('[data-desk]'));
