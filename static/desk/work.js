// The left pane: what is mine, who waits, who is here; offers above, counts on the tabs.

import { isHere } from './board.js';
import { flagChips } from './flags.js';
import { chatRow, chip, fill, stopwatch, waitingRow } from './lists.js';
import { find, nameOf } from './page.js';
import { silenceChip, tickChips } from './silence.js';
import { Tabs } from './tabs.js';
import { deadlineChip, deadlinesOf, tickChip } from './chips.js';

const TASKS_EVERY = 60000;

export class Work {
  constructor({ board, word, label, onSelect, onAccept, asking }) {
    Object.assign(this, { board, word, label, asking });
    this.tabs = new Tabs(find('[data-work-tabs]'));
    find('[data-mine]').addEventListener('click', (event) => {
      const row = event.target.closest('[data-key]');
      if (!row) return;
      event.preventDefault();
      onSelect(row.dataset.key);
    });
    for (const list of this.waitingLists()) {
      list.addEventListener('click', (event) => {
        const button = event.target.closest('[data-accept]');
        if (button) onAccept(button.dataset.session);
      });
    }
    this.flagTemplates = { life: find('[data-life-chip]'), emergency: find('[data-emergency-chip]'), kept: find('[data-retained-chip]') };
    this.readTasks();
    setInterval(() => this.readTasks(), TASKS_EVERY);
  }

  waitingLists() {
    return document.querySelectorAll('[data-waiting], [data-waiting-all]');
  }

  draw(current) {
    this.drawMine(current);
    this.drawWaiting();
    this.drawTeam();
  }

  drawMine(current) {
    this.current = current;
    const { board, word } = this;
    const rows = [...board.chats.values()].map((chat) => chatRow(find('[data-row]'), chat, {
      word,
      me: board.me?.name,
      isCurrent: chat === current,
      endedChip: find('[data-ended-chip]'),
      chips: this.chipsOf(chat),
    }));
    fill(find('[data-mine]'), rows);
    find('[data-no-mine]').hidden = rows.length > 0;
    find('[data-mine]').hidden = rows.length === 0;
    find('[data-seats]').textContent = board.seats.allowed ? word('seatsOf', board.seats) : '';
    this.count('mine', board.unread, true);
  }

  chipsOf(chat) {
    const { board, word } = this;
    const chips = flagChips(this.flagTemplates, chat.facts, word);
    chips.push(...deadlinesOf(chat).map(([key, until]) => deadlineChip(key, until, word, board.now())));
    if (chat.isRunning && chat.facts.away_since) chips.push(chip(find('[data-away-chip]'), word('awayChip')));
    if (chat.stopped.length) chips.push(chip(find('[data-stopped-chip]'), word('stoppedChip')));
    else if (chat.hasDraft && chat !== this.current) chips.push(chip(find('[data-draft-chip]'), word('draftChip')));
    const silence = silenceChip(find('[data-silence-chip]'), chat, word, board.skew);
    if (silence) chips.push(silence);
    return chips;
  }

  drawWaiting() {
    const { board, word } = this;
    const items = [...board.queue.values()];
    for (const list of this.waitingLists()) {
      fill(list, items.map((item) => waitingRow(find('[data-waiting-row]'), item, {
        word,
        department: nameOf('departments', item.department),
        language: nameOf('languages', item.language),
        canAccept: board.canAccept,
        isAsking: this.asking.has(item.session),
        isElsewhere: board.isElsewhere(item.session),
        list: list.id,
      })));
      list.hidden = items.length === 0;
    }
    for (const node of document.querySelectorAll('[data-no-waiting]')) node.hidden = items.length > 0;
    find('[data-waiting-count]').textContent = String(items.length);
    find('[data-waiting-count]').classList.toggle('count-new', items.length > 0);
    this.count('waiting', items.length, items.length > 0);
  }

  drawTeam() {
    const nodes = this.board.colleagues.map((each) => this.colleague(each));
    fill(find('[data-team]'), nodes);
    find('[data-no-team]').hidden = nodes.length > 0;
    find('[data-team]').hidden = nodes.length === 0;
    this.count('team', nodes.length, false);
  }

  colleague({ id, name, state, away, departments = [], languages = [], free, is_supervisor: isSupervisor }) {
    const node = find('[data-colleague]').content.firstElementChild.cloneNode(true);
    node.dataset.key = id;
    node.querySelector('.who').textContent = name;
    node.querySelector('.when').textContent = away ? this.word('isAway') : this.label('p', state);
    node.querySelector('.lamp').classList.toggle('lamp-on', isHere({ state, away }));
    const facts = [isSupervisor ? this.word('isSupervisor') : '', departments.map((code) => nameOf('departments', code)).join(', '), languages.map((code) => nameOf('languages', code)).join(', ')];
    if (free !== undefined && state === 'online') facts.push(this.word(free ? 'seatFree' : 'noSeatFree'));
    node.querySelector('.last').textContent = facts.filter(Boolean).join(' · ');
    return node;
  }

  count(name, number, isNew) {
    const node = find(`[data-count-${name}]`);
    node.textContent = String(number);
    node.hidden = !number;
    node.classList.toggle('count-new', isNew && number > 0);
  }

  /** How many tasks wait for this agent; the list itself is a page of its own. */
  async readTasks() {
    const link = find('[data-tasks]');
    if (!link) return;
    try {
      const answer = await fetch(link.dataset.address, { headers: { Accept: 'application/json' } });
      if (!answer.ok) return;
      const { mine = 0, departments = 0, overdue = 0 } = await answer.json();
      find('[data-tasks-text]').textContent = this.word(overdue ? 'tasksOverdue' : 'tasksOpen', { n: mine + departments, overdue });
      link.classList.toggle('is-late', overdue > 0);
    } catch (noAnswer) { /* the next look may go well */ }
  }

  /** Only times that run. Not in a live region. */
  tick() {
    const { board, word } = this;
    const now = board.now();
    let longest = 0;
    for (const row of document.querySelectorAll('[data-since]')) {
      const waited = now - new Date(row.dataset.since);
      longest = Math.max(longest, waited);
      row.querySelector('.when').textContent = stopwatch(waited);
    }
    tickChips(find('[data-mine]'), word, board.skew);
    for (const node of document.querySelectorAll('[data-mine] [data-until]')) tickChip(node, word, now);
    find('[data-longest]').textContent = board.queue.size ? word('longest', { time: stopwatch(longest) }) : '';
  }
}
