// What is held out to this agent: a card each, with the time that is left, to accept or to pass on.

import { FormDialog } from './dialogs.js';
import { copyOf, find, nameOf, toast } from './page.js';
import { fill, stopwatch } from './lists.js';

const SOON = 10000;
const keyOf = ({ session, expires_at: until }) => `${session} ${until}`;

export class Offers {
  /** `asking`: chats whose acceptance is on the way; what became of it is said by the answer. */
  constructor({ board, word, send, sendAloud, asking, onAccept }) {
    Object.assign(this, { board, word, sendAloud, asking, onAccept });
    this.list = find('[data-offers]');
    this.told = new Set();
    this.cards = new Map(); // a card stays the same node while it is pressed
    this.list.addEventListener('click', (event) => this.pressed(event));
    this.declining = new FormDialog({
      dialog: find('[data-decline-dialog]'), what: 'decline', word, send,
      prepare: ({ session }, form) => {
        find('[data-decline-what]').textContent = this.described(this.board.offers.get(session));
        find('[data-decline-other]').hidden = form.elements.reason.value !== 'other';
      },
      frame: (form, shown) => {
        const isOther = form.elements.reason.value === 'other';
        const why = isOther ? shown.text('why', word('noWhy')) : form.elements.reason.selectedOptions[0].textContent;
        if (!why) return null;
        return { type: this.board.offers.get(this.declining.session)?.kind === 'transfer' ? 'decline_transfer' : 'decline', why: why.slice(0, 300) };
      },
      done: (session) => { this.board.offerGone({ session }); this.draw(); },
    });
    find('[data-decline-dialog] select').addEventListener('change', (event) => { find('[data-decline-other]').hidden = event.target.value !== 'other'; });
  }

  get first() {
    return this.board.offers.values().next().value;
  }

  pressed(event) {
    const session = event.target.closest('[data-key]')?.dataset.key;
    if (event.target.closest('[data-accept-offer]')) this.accept(session);
    if (event.target.closest('[data-decline-offer]')) this.decline(session);
  }

  accept(session) {
    const offer = this.board.offers.get(session);
    if (!offer) return;
    if (offer.kind === 'transfer') {
      if (this.sendAloud({ type: 'accept_transfer', session, ref: `accept ${session}` })) this.asking.add(session);
    } else this.onAccept(session);
  }

  decline(session = this.first?.session) {
    if (session) this.declining.open({ session });
  }

  /** A new offer: said aloud once. */
  added(offer) {
    if (this.told.has(keyOf(offer))) return false;
    this.told.add(keyOf(offer));
    find('[data-offer-live]').textContent = this.title(offer);
    return true;
  }

  gone({ session, why }) {
    const offer = this.board.offerGone({ session });
    if (this.declining.session === session && this.declining.dialog.open && !this.declining.isAsking) this.declining.dialog.close();
    if (offer && why === 'expired' && !this.asking.has(session)) toast(this.word(offer.kind === 'transfer' ? 'transferOver' : 'offerOver'));
    if (!this.board.offers.size) find('[data-offer-live]').textContent = '';
  }

  title(offer) {
    const facts = { department: nameOf('departments', offer.department), from: offer.from ?? '' };
    return this.word(offer.kind === 'transfer' ? 'offerFrom' : 'offerFor', facts);
  }

  factsOf(offer) {
    return [nameOf('languages', offer.language), offer.topic, offer.reason && this.word(`reason_${offer.reason}`)].filter(Boolean).join(' · ');
  }

  described(offer) {
    return [this.title(offer), this.factsOf(offer)].filter(Boolean).join(' · ');
  }

  draw() {
    const hadFocus = this.list.contains(document.activeElement);
    const offers = [...this.board.offers.values()];
    for (const key of this.cards.keys()) if (!offers.some((offer) => keyOf(offer) === key)) this.cards.delete(key);
    const cards = offers.map((offer) => this.cards.get(keyOf(offer)) ?? this.card(offer));
    if (cards.length !== this.list.children.length || cards.some((card, place) => card !== this.list.children[place])) fill(this.list, cards);
    cards.forEach((card, place) => { card.querySelector('[data-accept-key]').hidden = place > 0; });
    this.list.hidden = !cards.length;
    if (hadFocus && !this.list.contains(document.activeElement)) find('#main').focus();
  }

  card(offer) {
    const node = copyOf('[data-offer-card]');
    node.dataset.key = offer.session;
    node.dataset.expires = offer.expires_at;
    node.querySelector('[data-title]').textContent = this.title(offer);
    node.querySelector('[data-sub]').textContent = this.factsOf(offer);
    node.querySelector('[data-offer-why]').textContent = offer.why ?? '';
    const summary = node.querySelector('[data-summary]');
    summary.textContent = offer.summary ?? '';
    summary.hidden = !offer.summary;
    this.tickCard(node);
    this.cards.set(keyOf(offer), node);
    return node;
  }

  tick() {
    for (const node of this.list.children) this.tickCard(node);
  }

  tickCard(node) {
    const left = new Date(node.dataset.expires) - this.board.now();
    node.querySelector('[data-left]').textContent = stopwatch(left);
    node.classList.toggle('is-soon', left < SOON);
  }
}
