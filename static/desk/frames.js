// What comes over the socket, in one table: the frame's type, and what the desk does with it.

import { Outbox } from '../chat/store.js';
import { find, toast } from './page.js';

export class Frames {
  /** `desk` owns the parts: the board, which knows, and the panes, which show. */
  constructor(desk) {
    this.desk = desk;
    const { board, thread } = desk;
    this.takers = {
      welcome: (frame) => this.welcomed(frame),
      event: (frame) => this.heard(frame),
      redacted: (frame) => this.redacted(frame),
      staff_event: (frame) => this.noted(frame),
      session: (frame) => board.known(frame),
      ack: (frame) => this.acked(frame),
      ok: (frame) => this.granted(frame),
      error: (frame) => this.refused(frame),
      offer: (frame) => this.offered(frame),
      offer_gone: (frame) => desk.offers.gone(frame),
      queue: (frame) => board.queued(frame),
      seats: (frame) => board.seated(frame),
      presence: (frame) => board.present(frame),
      backup: (frame) => board.turned(frame),
      typing: (frame) => thread.otherTypes(frame),
      read: (frame) => this.otherRead(frame),
    };
  }

  receive(frame) {
    this.takers[frame.type]?.(frame);
    if (frame.type !== 'typing') this.desk.drawSoon();
  }

  get dialogs() {
    const { asks, marking, passing, caseDialog, offers } = this.desk;
    return [asks.ending, marking, passing.dialog, caseDialog, offers.declining];
  }

  welcomed(frame) {
    const { board, composer, offers } = this.desk;
    board.welcome(frame);
    for (const text of frame.stopped ?? []) composer.stopped.restore(board.chat(text.session), text);
    for (const offer of board.offers.values()) offers.added(offer);
    this.desk.draw();
    this.desk.looked();
  }

  offered(frame) {
    const { board, offers, alerts } = this.desk;
    board.offered(frame);
    if (offers.added(frame)) alerts.call('offer');
  }

  heard(event) {
    const { board, thread, alerts } = this.desk;
    if (board.putAway.has(event.session)) return;
    const chat = board.chat(event.session);
    if (!chat.hear(event)) return;
    thread.heard(chat, event);
    if (event.from === 'customer' && event.kind === 'message' && board.isFresh(event)) alerts.call('message');
    if (chat === this.desk.current) this.desk.looked();
    chat.askForHole();
  }

  redacted({ session, seq, text }) {
    const { board, thread, current } = this.desk;
    const chat = board.chats.get(session);
    chat?.transcript.redact(seq, text);
    const event = chat?.transcript.events.get(seq);
    if (event && chat === current) thread.show(event);
  }

  noted(entry) {
    const { board, composer, thread, current, word } = this.desk;
    if (board.putAway.has(entry.session)) return;
    const chat = board.chat(entry.session);
    if (!chat.noted(entry)) return;
    if (entry.kind === 'released') composer.stopped.decided(chat, entry.name, entry.data);
    if (entry.kind === 'emergency') find('[data-urgent-live]').textContent = word('emergencyIn', { name: chat.facts.name ?? word('customer') });
    if (chat === current) thread.notes.show(chat);
  }

  acked(frame) {
    const { board, thread, current } = this.desk;
    const chat = board.chatOf(frame);
    const event = chat?.acked(frame, board.skew);
    if (event && chat === current) thread.show(event);
    chat?.askForHole();
  }

  /** The `ref` of a frame says what was asked, and for which chat. */
  granted({ ref }) {
    this.desk.aloud.answered({ ref });
    this.desk.owed.answered({ ref });
    const { board, composer, wrapUp, word } = this.desk;
    const [what, id] = (ref ?? '').split(' ');
    const acts = {
      accept: () => this.desk.accepted(id),
      note: () => composer.noted(),
      release: () => composer.stopped.asked(board.chatWithStopped(id), id),
      wrap: () => wrapUp.granted(id),
      link: () => toast(word('linkReported')),
    };
    acts[what]?.();
    for (const dialog of this.dialogs) dialog.granted(what, id);
  }

  refused(frame) {
    const { aloud, board, composer, owed, wrapUp } = this.desk;
    const [what, id] = (frame.ref ?? '').split(' ');
    aloud.answered(frame);
    if (what === 'withdraw' && Outbox.isForNow(frame.code)) {
      owed.later(frame.retry_after ?? 5);
      return;
    }
    owed.answered(frame);
    if (what === 'quiet' || what === 'withdraw') return;
    if (this.dialogs.some((dialog) => dialog.refused(what, frame))) return;
    const chat = board.chatOf(frame);
    if (chat && frame.id && (frame.code === 'confirm' || frame.code === 'edit')) {
      composer.stopped.add(chat, frame);
      return;
    }
    if (Outbox.isForNow(frame.code) && chat && frame.id) {
      chat.outbox.wait(frame.retry_after ?? 5);
      toast(frame.code === 'slow_down' ? this.desk.word('slow') : frame.detail);
      return;
    }
    if (chat && frame.id) chat.outbox.refuse(frame.id, frame.detail);
    const acts = {
      wrap: () => wrapUp.refused(frame, id),
      note: () => composer.noteRefused(),
      accept: () => this.desk.asking.delete(id),
      presence: () => { find('#presence').value = board.presence; },
    };
    acts[what]?.();
    if (what !== 'wrap') toast(frame.detail);
  }

  otherRead({ session, seq }) {
    const { board, thread, current } = this.desk;
    const chat = board.chats.get(session);
    if (!chat) return;
    chat.readByOther = Math.max(chat.readByOther, seq);
    if (chat === current) thread.markRead(chat);
  }
}
