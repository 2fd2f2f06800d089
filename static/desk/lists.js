// The left and the right pane: chats, who waits, seats, colleagues.

import { Chat } from './chat.js';

const RUNNING_TIME = /\d+(:\d\d)+/g; // what a stopwatch shows changes by itself

/** Fill a list from templates: only when something is different, and without taking the focus away from who works in it. */
export function fill(list, nodes) {
  for (const node of nodes) node.drawn ??= node.outerHTML.replace(RUNNING_TIME, '');
  const shown = [...list.children];
  if (shown.length === nodes.length && nodes.every((node, place) => node.drawn === shown[place].drawn)) return;
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.closest('[data-key]')?.dataset.key;
  const what = held?.matches('button') ? 'button' : 'a';
  const place = [...(held?.closest('[data-key]')?.querySelectorAll(what) ?? [])].indexOf(held);
  list.replaceChildren(...nodes);
  if (!key) return;
  const row = list.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (row?.querySelectorAll(what)[Math.max(place, 0)] ?? list.querySelector('a, button'))?.focus();
}

/** Minutes and seconds, as a stopwatch shows them. */
export function stopwatch(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const rest = String(seconds % 60).padStart(2, '0');
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

export function chatRow(template, chat, { word, me, isCurrent, endedChip, chips }) {
  const node = template.content.firstElementChild.cloneNode(true);
  const item = node.querySelector('.item');
  const { unread, last } = chat;
  node.dataset.key = chat.session;
  item.classList.toggle('is-unread', unread > 0);
  if (isCurrent) item.setAttribute('aria-current', 'true');
  node.querySelector('.who').textContent = chat.facts.name ?? word('customer');
  const byColleague = last?.from === 'agent' && last.name ? `${last.name}: ` : '';
  if (last) node.querySelector('.last').textContent = Chat.isOwn(last, me) ? word('ownLast', { text: last.text }) : `${byColleague}${last.text}`;
  if (unread) node.querySelector('.when').append(badge(unread, word));
  node.querySelector('.tags').append(...chips);
  if (!chat.isRunning) node.querySelector('.tags').append(chip(endedChip, word(chat.facts.state === 'gone' ? 'goneChip' : 'endedChip')));
  return node;
}

export function badge(unread, word) {
  const count = document.createElement('span');
  count.className = 'count count-new';
  count.append(Object.assign(document.createElement('span'), { textContent: String(unread), ariaHidden: 'true' }));
  count.append(Object.assign(document.createElement('span'), { className: 'hidden-text', textContent: word('unread', { n: unread }) }));
  return count;
}

export function chip(template, text) {
  const node = template.content.firstElementChild.cloneNode(true);
  node.lastChild.textContent = text;
  return node;
}

export function waitingRow(template, item, { word, department, language, canAccept, isAsking, isElsewhere, list }) {
  const node = template.content.firstElementChild.cloneNode(true);
  node.dataset.key = item.session;
  node.dataset.since = item.queued_at;
  node.querySelector('.who').textContent = `${department} · ${language}`;
  node.querySelector('[data-place]').textContent = [word('place', { n: item.position }), item.topic].filter(Boolean).join(' · ');
  const unmatched = node.querySelector('[data-unmatched]');
  unmatched.textContent = item.unmatched_why ?? '';
  unmatched.hidden = !item.unmatched_why;
  const button = node.querySelector('[data-accept]');
  button.dataset.session = item.session;
  button.setAttribute('aria-disabled', String(!canAccept || isAsking || isElsewhere));
  const elsewhere = node.querySelector('[data-elsewhere]');
  elsewhere.hidden = !isElsewhere;
  elsewhere.id = `${list}-elsewhere-${item.session}`;
  if (isElsewhere) button.setAttribute('aria-describedby', elsewhere.id);
  button.setAttribute('aria-label', `${button.textContent}, ${department}, ${language}, ${word('place', { n: item.position })}`);
  return node;
}

export function seatNodes({ held, allowed }, names, { free, taken, word }) {
  const shown = Math.min(Math.max(allowed, held), 12);
  return Array.from({ length: shown }, (_, number) => {
    const isHeld = number < held;
    const node = (isHeld ? taken : free).content.firstElementChild.cloneNode(true);
    node.querySelector('span').textContent = isHeld ? names[number] ?? word('customer') : word('freeSeat');
    return node;
  });
}
