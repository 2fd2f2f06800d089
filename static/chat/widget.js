// The resident's chat, as a page and in a frame: before it, the talk, and what moves between the two.

import { Before } from './before.js';
import { Page } from './page.js';
import { Talk } from './talk.js';
import { Urgent } from './urgent.js';
import { OwnWindow } from './window.js';
import { forTab, returning } from './keep.js';

const FIRST_FOCUS = { menu: '[data-menu-title]', leave: '[data-leave-back]', start: '#chat-name', refused: '[data-refused-title]', elsewhere: '[data-elsewhere-title]' };

class Widget {
  constructor(root) {
    const page = new Page(root, { onShown: (focus) => this.shown(focus), onHidden: () => this.talk.attention.tell() });
    this.page = page;
    const urgent = new Urgent({ box: page.find('[data-urgent]'), phone: page.find('[data-phone-button]'), word: page.word });
    this.talk = new Talk({ page, urgent, onLost: (code, detail, unsent) => this.lost({ code, detail }, unsent) });
    this.before = new Before({ page, urgent, why: (event) => this.talk.log.why(event), onBegun: (answer, about) => this.begun(answer, about) });
    this.window = new OwnWindow({
      address: root.dataset.page,
      give: () => this.talk.give(),
      onGiven: () => this.moved(),
      onTaken: (what) => this.takeOver(what),
      onNobody: () => this.before.lookWhoIsThere(),
    });
    this.listen();
    this.begin();
  }

  listen() {
    this.page.press('[data-another]', () => this.startAnother());
    this.page.press('[data-minimise]', () => this.page.host.tell('close'));
    this.page.press('[data-own-window]', (event) => this.openOwnWindow(event));
    document.addEventListener('keydown', (event) => this.escape(event));
  }

  escape(event) {
    if (event.key !== 'Escape' || event.defaultPrevented || this.page.find('[data-end-dialog]').open) return;
    if (this.talk.leave.isOpen) this.talk.leave.onBack();
    else this.page.host.tell('close');
  }

  begin() {
    const isForgetful = forTab.blocked && this.page.host.isFramed;
    for (const node of this.page.root.querySelectorAll('[data-blocked], [data-blocked-talk]')) node.hidden = !isForgetful;
    const kept = forTab.get('chat');
    if (kept) this.talk.open(kept, forTab.get('outbox') ?? []);
    else if (this.window.askOpener()) this.page.screen('loading');
    else this.before.lookWhoIsThere();
  }

  begun(answer, { department, language }) {
    returning.set(answer.returning);
    const kept = { session: answer.session, token: answer.token, department, language, at: new Date().toISOString() };
    forTab.set('chat', kept);
    this.talk.open(kept, []);
    this.talk.placed({ state: 'queued', position: answer.position, estimated_wait_seconds: answer.estimated_wait_seconds });
    this.page.focusWhenShown('#chat-text');
  }

  lost(why, unsent) {
    this.before.start.carry(unsent);
    this.before.refused(why);
  }

  startAnother() {
    this.before.start.carry(this.talk.unsent);
    this.talk.forget();
    this.before.lookWhoIsThere();
  }

  shown(wantsFocus) {
    this.talk.log.toTheEnd();
    this.talk.noticeReading();
    if (!wantsFocus) return;
    const inTalk = this.talk.status?.state === 'ended' ? '[data-over-text]' : '#chat-text';
    const target = this.page.shownScreen === 'talk' ? inTalk : FIRST_FOCUS[this.page.shownScreen];
    if (target) this.page.find(target).focus();
  }

  // ---- A window of its own -----------------------------------------------

  openOwnWindow(event) {
    if (!this.talk.chat) return;
    event.preventDefault();
    this.window.open();
  }

  moved() {
    this.talk.forget();
    this.before.refused({ code: 'moved', detail: this.page.word('moved') });
  }

  takeOver({ chat, outbox, draft }) {
    forTab.set('chat', chat);
    forTab.set('draft', draft);
    this.talk.open(chat, outbox);
  }
}

for (const root of document.querySelectorAll('[data-chat]')) new Widget(root);
