// How an event looks: people in bubbles, the program in the margin. Clones the page's templates.

import { linkedText, mailLink, phoneLink, webLink } from './links.js';
import { sayTime } from './words.js';

const NEAR_THE_END = 80;

// Which of the ways in `data` a rule's notice offers, in this order; a page that has no template for one leaves it out.
const WAYS = {
  'EM-PAY': ['page', 'phone'],
  'EM-COM-Daii': ['email', 'phone'],
  'EM-LANG': ['email', 'phone'],
  'EM-REF': ['phone', 'email', 'site'],
  'EM-COM-B': ['phone', 'email', 'site'],
  'SJ-BACK': ['phone', 'site'],
};

export class Log {
  /**
   * `log`: the element with role="log"; `templates`: { bubble, margin, why, unsent, page, phone, and mail, site, link where there are such }.
   * `tell(event)` returns { own, who, text } for a message and { text } for the margin, or null for what is not shown;
   * `lang` beside them is the language of the text, `links` what of it may be pressed.
   */
  constructor({ log, templates, word, tell, onTakeBack }) {
    Object.assign(this, { log, templates, word, tell, onTakeBack });
    this.nodes = new Map();
    this.unsent = new Map();
    this.isAtEnd = true;
    log.addEventListener('scroll', () => { this.isAtEnd = this.isNearEnd(); });
    new ResizeObserver(() => this.isAtEnd && this.toTheEnd()).observe(log); // what stands beside it came or went
  }

  isNearEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
  }

  clear() {
    this.log.replaceChildren();
    this.nodes.clear();
    this.unsent.clear();
  }

  /** Show one event at its place; the same `seq` again changes what is there. */
  show(event) {
    const node = this.draw(event);
    if (!node) return;
    const old = this.nodes.get(event.seq);
    node.dataset.seq = event.seq;
    this.keepingTheEnd(() => {
      if (old) this.replace(old, node);
      else this.log.insertBefore(node, this.nodeAfter(event.seq));
    });
    this.nodes.set(event.seq, node);
  }

  /** Put a node that is no event at its place: after event 3 and before event 4 with an `order` of 3.5. */
  place(node, order) {
    this.keepingTheEnd(() => {
      node.remove();
      node.dataset.seq = order;
      this.log.insertBefore(node, this.nodeAfter(order));
    });
  }

  replace(old, node) {
    const mark = node.querySelector('[data-mark]');
    if (mark) mark.textContent = old.querySelector('[data-mark]')?.textContent ?? '';
    old.replaceWith(node);
  }

  nodeAfter(seq) {
    for (let node = this.log.lastElementChild; node; node = node.previousElementSibling) {
      if (Number(node.dataset.seq) < seq) return node.nextElementSibling;
    }
    return this.log.firstElementChild;
  }

  draw(event) {
    const said = this.tell(event);
    if (!said) return null;
    if (said.who === undefined) return this.drawMargin(said.text, event, said.lang);
    const node = this.drawBubble(said);
    this.addWays(node, event);
    const time = node.querySelector('time');
    time.dateTime = event.at;
    time.textContent = sayTime(event.at);
    return node;
  }

  drawBubble({ own, who, text, lang, links }) {
    const node = this.templates.bubble.content.firstElementChild.cloneNode(true);
    node.classList.toggle('msg-own', own);
    node.querySelector('b').textContent = who;
    const said = node.querySelector('.text');
    if (lang) said.lang = lang;
    if (links?.length && this.templates.link) said.replaceChildren(...linkedText(this.templates.link, text, links));
    else said.textContent = text;
    return node;
  }

  drawMargin(text, event, lang) {
    const node = this.templates.margin.content.firstElementChild.cloneNode(true);
    const by = node.querySelector('.by');
    by.textContent = text;
    if (lang) by.lang = lang;
    this.addWays(node, event);
    if (event.rule) node.append(this.why(event));
    return node;
  }

  /** The pages, numbers and addresses that a rule's text names, to press. */
  addWays(node, { rule, data }) {
    const ways = (WAYS[rule] ?? []).map((way) => this.way(way, data ?? {})).filter(Boolean);
    if (!ways.length) return;
    const row = document.createElement('p');
    row.className = 'msg-ways';
    row.append(...ways);
    node.append(row);
  }

  way(way, { page, phone, email }) {
    const template = { site: this.templates.site, page: this.templates.page, phone: this.templates.phone, email: this.templates.mail }[way];
    if (!template) return null;
    if (way === 'phone') return phoneLink(template, phone, this.word);
    return way === 'email' ? mailLink(template, email) : webLink(template, page);
  }

  /** The mark of the rule that acted: it opens to the reason, and leads to the rule. */
  why({ rule, data }) {
    const why = this.templates.why.content.firstElementChild.cloneNode(true);
    why.querySelector('code').textContent = rule;
    why.querySelector('a').href = `/policies/#${encodeURIComponent(rule)}`;
    why.querySelector('[data-reason]').textContent = data?.why ?? '';
    return why;
  }

  /** Show what is not sent yet, after everything that is. */
  showUnsent(item) {
    this.forgetUnsent(item.id);
    const node = this.drawBubble({ own: true, who: this.word('you'), text: item.text });
    node.classList.add('is-unsent');
    node.dataset.seq = Number.MAX_SAFE_INTEGER;
    node.querySelector('time').remove();
    node.querySelector('[data-mark]').textContent = ` · ${this.word(item.state === 'refused' ? 'refused' : 'unsent')}`;
    if (item.state === 'refused') this.addReason(node, item);
    this.unsent.set(item.id, node);
    this.log.append(node);
    this.toTheEnd();
  }

  addReason(node, item) {
    const reason = this.templates.unsent.content.cloneNode(true);
    reason.querySelector('.error').textContent = item.detail;
    reason.querySelector('[data-take-back]').addEventListener('click', () => this.onTakeBack(item));
    node.append(reason);
  }

  forgetUnsent(id) {
    this.unsent.get(id)?.remove();
    this.unsent.delete(id);
  }

  /** Mark own messages up to `seq` as read by the other side. */
  markRead(seq, events) {
    for (const [known, node] of this.nodes) {
      const mark = node.querySelector('[data-mark]');
      if (mark && known <= seq && events(known)) mark.textContent = ` · ${this.word('read')}`;
    }
  }

  keepingTheEnd(change) {
    const wasAtEnd = this.isNearEnd();
    change();
    if (wasAtEnd) this.toTheEnd();
  }

  toTheEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }
}
