// What the desk knows: chats, offers, who waits, the team, the seats. No page in here.

import { forTab } from '../chat/keep.js';
import { Chat, isRunning } from './chat.js';
import { inQueueOrder } from './queue.js';

const KEPT_AWAY = 200; // chats that were put away, remembered by this tab

/** Whether a colleague is at the desk now. */
export const isHere = ({ state, away }) => state === 'online' && !away;

export class Board {
  /** `send(frame)` answers whether it went out; `onOutbox(chat, item)` hears of messages on their way. */
  constructor({ send, onOutbox }) {
    Object.assign(this, { send, onOutbox });
    this.chats = new Map();
    this.offers = new Map();
    this.queue = new Map();
    this.seenItems = new Map();
    this.team = new Map();
    this.departments = [];
    this.seats = { held: 0, allowed: 0, why: '' };
    this.presence = 'offline';
    this.backup = null; // where new visitors are sent while the chat is out of order
    this.me = null;
    this.skew = 0;
    this.isOpen = false;
    this.putAway = new Set(forTab.get('put-away') ?? []);
  }

  /** The server's clock now, in milliseconds. */
  now() {
    return Date.now() + this.skew;
  }

  welcome(frame) {
    this.me = frame.agent;
    this.presence = frame.presence;
    this.seats = frame.seats;
    this.greetedAt = new Date(frame.server_time).getTime();
    this.skew = this.greetedAt - Date.now();
    this.departments = frame.departments ?? [];
    this.turned(frame);
    this.queued({ items: frame.queue });
    this.offers = new Map((frame.offers ?? []).map((each) => [each.session, each]));
    this.team = new Map(frame.colleagues.map((each) => [each.id, each]));
    for (const facts of frame.sessions) this.known(facts);
    const present = new Set(frame.sessions.map((each) => each.session));
    for (const [id, chat] of this.chats) if (!present.has(id) && chat.isRunning) chat.learn({ state: 'gone' });
    for (const chat of this.chats.values()) chat.outbox.open();
  }

  /** What the server says of a chat that is the agent's. */
  known({ session, last_seq: _latest, type: _type, ...facts }) {
    if (this.putAway.has(session)) {
      if (!isRunning(facts.state)) return;
      this.isBack(session);
    }
    this.chat(session).learn(facts);
  }

  /** The chat with this id; made when it is new, with what the queue said of it. */
  chat(id) {
    if (!this.chats.has(id)) {
      const seen = (forTab.get('seen') ?? {})[id] ?? 0;
      const chat = new Chat(id, { send: this.send, onOutbox: this.onOutbox, me: () => this.me?.id, seen });
      const waited = this.seenItems.get(id) ?? this.offers.get(id);
      if (waited) chat.learn({ department: waited.department, language: waited.language, topic: waited.topic, requested_at: waited.queued_at ?? null });
      if (this.isOpen) chat.outbox.open();
      this.chats.set(id, chat);
    }
    return this.chats.get(id);
  }

  /** An answer names its session, or the message it answers. */
  chatOf({ session, id }) {
    return this.chats.get(session) ?? [...this.chats.values()].find((chat) => chat.outbox.has(id));
  }

  /** The chat in which this text was stopped. */
  chatWithStopped(id) {
    return [...this.chats.values()].find((chat) => chat.stopped.some(({ item }) => item.id === id));
  }

  opened(isOpen) {
    this.isOpen = isOpen;
    if (!isOpen) for (const chat of this.chats.values()) chat.outbox.close();
  }

  /** Who came, who changed and who left: the rest move up by themselves. */
  queued({ items, added = [], removed = [] }) {
    if (items) this.queue.clear();
    for (const item of [...(items ?? []), ...added]) {
      this.queue.set(item.session, item);
      this.seenItems.set(item.session, item);
    }
    for (const id of removed) this.queue.delete(id);
    this.queue = inQueueOrder(this.queue.values());
  }

  /** Whether a waiting chat is on offer to a colleague; on offer to oneself, it may be accepted. */
  isElsewhere(id) {
    return Boolean(this.queue.get(id)?.offered) && !this.offers.has(id);
  }

  /** Who waits and is on offer to nobody else. */
  get free() {
    return [...this.queue.values()].filter(({ session }) => !this.isElsewhere(session));
  }

  seated({ held, allowed, why }) {
    this.seats = { held, allowed, why };
  }

  turned({ backup = null }) {
    this.backup = backup;
  }

  present({ type: _type, agent, state, ...facts }) {
    if (agent === this.me?.id) this.presence = state;
    else if (state === 'offline') this.team.delete(agent);
    else this.team.set(agent, { ...this.team.get(agent), ...facts, id: agent, state });
  }

  offered({ type: _type, ...offer }) {
    this.offers.set(offer.session, offer);
  }

  offerGone({ session }) {
    const offer = this.offers.get(session);
    this.offers.delete(session);
    return offer;
  }

  away(id) {
    this.chats.delete(id);
    this.putAway.add(id);
    this.keepAway();
  }

  /** A chat that was passed on is the agent's again: everything of it is heard, from its first event on. */
  isBack(id) {
    this.putAway.delete(id);
    this.keepAway();
  }

  keepAway() {
    forTab.set('put-away', [...this.putAway].slice(-KEPT_AWAY));
  }

  noteSeen() {
    forTab.set('seen', Object.fromEntries([...this.chats].map(([id, chat]) => [id, chat.seen])));
  }

  /** Whether an event happened since the desk was greeted: what is only caught up on rings no bell. */
  isFresh(event) {
    return new Date(event.at).getTime() >= this.greetedAt;
  }

  get hasDrafts() {
    return [...this.chats.values()].some((chat) => chat.hasDraft);
  }

  get unread() {
    return [...this.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
  }

  get canAccept() {
    return this.isOpen && this.presence === 'online' && this.seats.held < this.seats.allowed;
  }

  /** Colleagues who are here, by name, without oneself. */
  get colleagues() {
    return [...this.team.values()].filter((each) => each.id !== this.me?.id && each.name).sort((one, other) => one.name.localeCompare(other.name));
  }
}
