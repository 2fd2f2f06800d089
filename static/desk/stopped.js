// What the screening stopped: each text stays, with its reason, until the agent or a supervisor has decided on it.

import { copyOf, find } from './page.js';

export class Stopped {
  /** `owed` sends now or later; `why({rule, data})` makes the mark of a rule; `composer` shows the chat, and takes back what is to be changed. */
  constructor({ word, owed, sendAloud, why, composer }) {
    Object.assign(this, { word, owed, sendAloud, why, composer });
    this.place = find('[data-stopped]');
    this.nodes = new Map(); // a text stays the same node while others come and go, and keeps the focus
    this.place.addEventListener('click', (event) => this.pressed(event));
  }

  get chat() {
    return this.composer.chat;
  }

  /** The server stopped a message. */
  add(chat, { id, code, spans = [], detail, rule, why }) {
    const item = chat.outbox.items.find((each) => each.id === id);
    if (!item) return;
    chat.stopped.push({ item: { ...item }, code, spans, detail, rule, data: { why }, askedAt: null, releasedBy: null });
    chat.outbox.settle(id);
    if (chat !== this.chat) return;
    this.show();
    const node = this.nodes.get(id);
    node.scrollIntoView({ block: 'nearest' });
    node.querySelector('[data-stopped-change]').focus();
  }

  /** What the server has kept of an earlier page: laid before the supervisors, or released and not sent. */
  restore(chat, { id, text, detail, spans, rule, why, released_by: releasedBy }) {
    if (chat.stopped.some(({ item }) => item.id === id) || this.owed.holds(withdrawal(id))) return;
    chat.stopped.push({ item: { id, text }, code: 'edit', spans, detail, rule, data: { why }, askedAt: 0, releasedBy, wasLaidBefore: true });
  }

  show() {
    const stopped = this.chat?.isRunning ? this.chat.stopped : []; // after the end they are what is left over
    const ids = stopped.map(({ item }) => item.id);
    for (const [id, node] of this.nodes) if (!ids.includes(id)) this.forget(id, node);
    stopped.forEach((each, place) => {
      const node = this.nodes.get(each.item.id) ?? this.draw(each);
      this.mark(node, each);
      const count = stopped.length > 1 ? this.word('oneOf', { n: place + 1, of: stopped.length }) : '';
      node.querySelector('[data-stopped-count]').textContent = count;
    });
    this.place.hidden = !stopped.length;
  }

  forget(id, node) {
    const hadFocus = node.contains(document.activeElement);
    this.nodes.delete(id);
    node.remove();
    if (hadFocus) this.composer.box.focus();
  }

  draw(each) {
    const node = copyOf('[data-stopped-text]');
    node.dataset.key = each.item.id;
    const [why, count] = [node.querySelector('[data-stopped-why]'), node.querySelector('[data-stopped-count]')];
    [why.id, count.id] = [`why-${each.item.id}`, `count-${each.item.id}`];
    why.textContent = each.detail;
    node.setAttribute('aria-labelledby', `${why.id} ${count.id}`);
    node.querySelector('[data-text]').replaceChildren(...marked(each.item.text, each.spans));
    if (each.rule) node.querySelector('[data-stopped-rule]').replaceChildren(this.why(each));
    node.querySelector('[data-stopped-send]').textContent = this.word('sendAnyway', { what: whys(each).map((kind) => this.word(`with_${kind}`) || kind).join(', ') });
    this.nodes.set(each.item.id, node);
    this.place.append(node);
    return node;
  }

  mark(node, { code, askedAt, releasedBy }) {
    const [isConfirm, isReleased, hasAsked] = [code === 'confirm', releasedBy !== null, askedAt !== null];
    node.querySelector('[data-stopped-send]').hidden = !isConfirm && !isReleased;
    node.querySelector('[data-stopped-ask]').hidden = isConfirm || hasAsked;
    node.querySelector('[data-stopped-asked]').textContent = hasAsked ? this.word(isReleased ? 'releasedLater' : 'releaseAsked') : '';
    if (!isReleased) return;
    node.querySelector('[data-stopped-why]').textContent = this.word('releasedTitle', { name: releasedBy });
    node.querySelector('[data-stopped-send]').textContent = this.word('sendReleased');
    node.querySelector('[data-stopped-send]').classList.add('btn-primary');
    node.querySelector('[data-stopped-change]').classList.remove('btn-primary');
  }

  pressed(event) {
    const id = event.target.closest('[data-key]')?.dataset.key;
    const stopped = this.chat?.stopped.find(({ item }) => item.id === id);
    if (!stopped) return;
    if (event.target.closest('[data-stopped-change]')) this.change(stopped);
    if (event.target.closest('[data-stopped-send]')) this.sendAnyway(stopped);
    if (event.target.closest('[data-stopped-ask]')) this.askRelease(stopped);
  }

  /** Take a text out of what was stopped. */
  settle(chat, stopped) {
    chat.stopped = chat.stopped.filter((each) => each !== stopped);
    if (chat === this.chat) this.show();
  }

  change(stopped) {
    const { wasLaidBefore, item } = stopped;
    if (wasLaidBefore) this.owed.send({ type: 'withdraw_release', session: this.chat.session, id: item.id, ref: withdrawal(item.id) });
    this.settle(this.chat, stopped);
    this.composer.changeAgain(stopped.item.text);
  }

  sendAnyway(stopped) {
    this.settle(this.chat, stopped);
    this.chat.write(stopped.item.text, stopped.code === 'confirm' ? { confirm: whys(stopped) } : {});
    this.composer.box.focus();
  }

  askRelease(stopped) {
    const { item } = stopped;
    stopped.wasLaidBefore = this.sendAloud({ type: 'ask_release', session: this.chat.session, id: item.id, text: item.text, ref: `release ${item.id}` });
  }

  /** The supervisors have the text. `chat`: the one in which it was stopped. */
  asked(chat, id) {
    const stopped = chat?.stopped.find(({ item }) => item.id === id);
    if (!stopped) return;
    stopped.askedAt = chat.transcript.highest;
    if (chat !== this.chat) return;
    const hadFocus = this.nodes.get(id).contains(document.activeElement);
    this.show();
    if (hadFocus) this.composer.box.focus(); // the button is gone; one can write on
  }

  /** A supervisor decided on a stopped text: released, it goes out where it still fits, else its agent is asked. */
  decided(chat, name, { id, is_released: isReleased }) {
    const stopped = chat.stopped.find(({ item }) => item.id === id);
    if (!stopped) return;
    const wentOn = !chat.isRunning || !chat.outbox.isEmpty || chat.transcript.highest > (stopped.askedAt ?? 0);
    if (isReleased && wentOn) {
      stopped.releasedBy = name ?? '';
      if (chat === this.chat) this.show();
      return;
    }
    this.settle(chat, stopped);
    if (isReleased) chat.write(stopped.item.text);
    else this.composer.giveBack(chat, stopped.item.text);
  }
}

const withdrawal = (id) => `withdraw ${id}`;

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
