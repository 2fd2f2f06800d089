// The middle pane: one chat as it is read, with what is known of it above and what is asked of the agent below.

import { Log } from '../chat/bubbles.js';
import { TYPING_SHOWS } from '../chat/paced.js';
import { sayTime } from '../chat/words.js';
import { Chat } from './chat.js';
import { flagChips } from './flags.js';
import { stopwatch } from './lists.js';
import { NoteThread } from './notes.js';
import { find, nameOf } from './page.js';
import { SilenceStrip } from './silence.js';

export class Thread {
  constructor({ board, word, label, outcomeText, onTakeBack, onKeepOpen, onReportLink }) {
    Object.assign(this, { board, word, label, outcomeText });
    this.current = null;
    this.log = new Log({
      log: find('[data-log]'),
      templates: { bubble: find('[data-bubble]'), margin: find('[data-margin]'), why: find('[data-why]'), unsent: find('[data-unsent-actions]'), page: find('[data-page-link]'), phone: find('[data-phone-link]'), link: find('[data-text-link]') },
      word,
      tell: (event) => this.tell(event),
      onTakeBack,
    });
    this.notes = new NoteThread({ log: this.log, template: find('[data-staff-note]'), word, label });
    this.silence = new SilenceStrip({ strip: find('[data-silence]'), word, onKeepOpen });
    this.flagTemplates = { life: find('[data-life-chip]'), emergency: find('[data-emergency-chip]'), kept: find('[data-retained-chip]') };
    find('[data-log]').addEventListener('click', (event) => {
      const button = event.target.closest('[data-report-link]');
      if (button) onReportLink(Number(button.closest('[data-seq]').dataset.seq), button);
    });
  }

  open(chat) {
    this.current = chat;
    this.stopTyping();
    const log = find('[data-log]');
    log.setAttribute('aria-busy', 'true');
    this.log.clear();
    this.notes.clear();
    if (chat) {
      for (const event of chat.transcript.inOrder()) this.show(event);
      this.notes.show(chat);
      for (const item of chat.outbox.items) this.log.showUnsent(item);
      this.markRead(chat);
      this.log.toTheEnd();
    }
    log.removeAttribute('aria-busy');
  }

  heard(chat, event) {
    if (chat !== this.current) return;
    const shown = chat.transcript.events.get(event.kind === 'redacted' ? event.data.seq : event.seq);
    if (shown) this.show(shown);
    this.notes.show(chat);
    if (event.from === 'customer') this.stopTyping();
  }

  show(event) {
    this.log.show(event);
    if (event.from === 'customer' && event.kind === 'message' && /https?:\/\/|www\.\S/i.test(event.text)) this.addReport(event.seq);
  }

  /** A resident's link is plain text here; a supervisor can look at it (EM-LINK). */
  addReport(seq) {
    const node = this.log.nodes.get(seq);
    if (node && !node.querySelector('[data-report-link]')) node.append(find('[data-report]').content.cloneNode(true));
  }

  markRead(chat) {
    this.log.markRead(chat.readByOther, (seq) => {
      const event = chat.transcript.events.get(seq);
      return event?.from === 'agent' && event.kind === 'message';
    });
  }

  otherTypes({ session, from }) {
    if (this.current?.session !== session) return;
    clearTimeout(this.typingEnds);
    find('[data-typing]').textContent = this.word(from === 'agent' ? 'colleagueTyping' : 'typing', { name: this.nameOf(this.current) });
    this.typingEnds = setTimeout(() => this.stopTyping(), TYPING_SHOWS);
  }

  stopTyping() {
    clearTimeout(this.typingEnds);
    find('[data-typing]').textContent = '';
  }

  nameOf(chat) {
    return chat.facts.name ?? this.word('customer');
  }

  // ---- How it looks ---------------------------------------------------------

  tell(event) {
    const name = event.name ?? this.word('agent');
    if (event.kind === 'message') {
      const own = Chat.isOwn(event, this.board.me?.name);
      const who = event.from === 'customer' ? event.name ?? this.nameOf(this.current) : name;
      const links = event.from === 'agent' ? event.data?.links : undefined;
      return { own, who: own ? this.word('you') : who, text: event.text, links };
    }
    const texts = {
      notice: event.text,
      joined: event.text || this.word('joined', { name }),
      left: event.text || this.word('left', { name }),
      transferred: event.text || this.word('transferred', { name }),
      requeued: event.text || this.word('requeued'),
      held: event.text || this.word('heldBy', { name }),
      resumed: event.text || this.word('resumedBy', { name }),
      chosen: event.text || this.word(`chose_${event.data?.option}`),
      here: this.word('here', { name: event.name ?? this.word('customer') }),
      kept_open: this.word('keptOpen', { name }),
      ended: event.text || this.outcomeText(event.data?.outcome),
    };
    return event.kind === 'redacted' ? null : { text: texts[event.kind] ?? event.text };
  }

  draw() {
    const chat = this.current;
    find('[data-empty]').hidden = Boolean(chat);
    find('[data-thread]').hidden = !chat;
    if (!chat) {
      this.drawEmpty();
      return;
    }
    const { department, language, accepted_at: accepted, state } = chat.facts;
    find('[data-thread-name]').textContent = this.nameOf(chat);
    find('[data-thread-sub]').textContent = [nameOf('departments', department), nameOf('languages', language), accepted && this.word('inChat', { time: sayTime(accepted) })].filter(Boolean).join(' · ');
    this.drawTools(chat);
    this.drawStrips(chat);
    this.silence.show(chat, this.nameOf(chat));
    find('[data-over]').hidden = chat.isRunning;
    find('[data-over-text]').textContent = state === 'gone' ? this.goneText(chat) : this.outcomeText(chat.facts.outcome);
  }

  goneText(chat) {
    const last = chat.transcript.inOrder().findLast((event) => event.kind === 'transferred' || event.kind === 'requeued');
    if (last?.kind === 'transferred') return this.word('passedOn');
    return this.word(last?.data?.why === 'agent_silent' ? 'goneSilent' : 'gone');
  }

  drawTools(chat) {
    const { facts, isRunning } = chat;
    find('[data-thread-flags]').replaceChildren(...flagChips(this.flagTemplates, facts, this.word));
    for (const tool of document.querySelectorAll('[data-running-only]')) tool.hidden = !isRunning;
    find('[data-retain]').hidden = facts.state === 'gone';
    find('[data-case]').hidden = facts.state === 'gone';
    find('[data-transfer]').hidden = !isRunning || facts.transfer_pending;
    find('[data-retain-text]').textContent = this.word(facts.retained ? 'isMarked' : 'mark');
    find('[data-hold-text]').textContent = this.word(facts.state === 'on_hold' ? 'resume' : 'hold');
  }

  drawStrips({ facts, isRunning }) {
    const name = facts.name ?? this.word('customer');
    this.strip('held', isRunning && facts.state === 'on_hold', this.word(facts.choice_deadline ? 'holdChoice' : 'holdSince', { name, time: facts.held_at ? sayTime(facts.held_at) : '' }), facts.choice_deadline);
    this.strip('passing', isRunning && facts.transfer_pending, this.word('passingTo', { to: facts.transfer?.to ?? '' }), facts.transfer?.deadline);
    this.strip('gone-away', isRunning && Boolean(facts.away_since), this.word('awaySince', { name, time: facts.away_since ? sayTime(facts.away_since) : '' }), null);
    this.strip('declined', isRunning && !facts.transfer_pending && Boolean(facts.transfer), this.word('wasDeclined', { to: facts.transfer?.to ?? '', why: facts.transfer?.declined_why ?? '' }), null);
  }

  strip(name, isShown, text, until) {
    const node = find(`[data-strip="${name}"]`);
    node.hidden = !isShown;
    const said = isShown ? text : '';
    const place = node.querySelector('p');
    if (place.textContent !== said) place.textContent = said;
    node.querySelector('[data-until]').dataset.until = isShown && until ? until : '';
  }

  tick() {
    const now = this.board.now();
    for (const node of document.querySelectorAll('[data-thread] .away [data-until]')) {
      node.textContent = node.dataset.until ? stopwatch(new Date(node.dataset.until) - now) : '';
    }
    this.silence.tick(this.board.skew);
  }

  drawEmpty() {
    const { board, word } = this;
    const isOnline = board.presence === 'online';
    const waiting = board.queue.size;
    const hasNext = Boolean(board.offers.size || board.free.length);
    const some = hasNext ? 'some' : 'someElsewhere';
    find('[data-empty-text]').textContent = !isOnline ? word('offline') : board.offers.size ? word('offeredNow') : waiting ? word(some, { n: waiting }) : word('nobody');
    find('[data-go-online]').hidden = isOnline || !board.isOpen;
    const next = find('[data-accept-next]');
    next.hidden = !isOnline || !(waiting || board.offers.size) || !board.isOpen;
    next.setAttribute('aria-disabled', String(!hasNext));
    if (hasNext) next.removeAttribute('aria-describedby');
    else next.setAttribute('aria-describedby', find('[data-empty-text]').id);
  }
}
