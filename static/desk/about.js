// The right pane: the facts of the chat, and how many one may hold and why.

import { sayTime } from '../chat/words.js';
import { fill, seatNodes, stopwatch } from './lists.js';
import { find, nameOf } from './page.js';

export class About {
  constructor({ board, word, label, endedAs }) {
    Object.assign(this, { board, word, label, endedAs });
  }

  draw(chat) {
    this.drawSeats();
    find('[data-about]').hidden = !chat;
    if (!chat) return;
    const accepted = chat.joinedAt ?? chat.facts.accepted_at;
    const { name, department, language, requested_at: asked, state, outcome, topic, transfers, rating } = chat.facts;
    const states = { ended: this.endedAs(outcome), gone: this.word('goneChip'), on_hold: this.word('held') };
    const facts = {
      name: name ?? '',
      department: nameOf('departments', department),
      language: nameOf('languages', language),
      topic: topic ?? '',
      asked: asked ? sayTime(asked) : '',
      waited: asked && accepted ? stopwatch(new Date(accepted) - new Date(asked)) : '',
      passed: transfers ? this.word(transfers === 1 ? 'passedOnce' : 'passedTimes', { n: transfers }) : '',
      rated: rating ? this.word('ratedAs', { n: rating }) : '',
      state: states[state] ?? this.word('running'),
    };
    for (const [key, text] of Object.entries(facts)) {
      const place = find(`[data-fact="${key}"]`);
      place.textContent = text;
      if (place.dataset.optional !== undefined) place.hidden = place.previousElementSibling.hidden = !text;
    }
  }

  drawSeats() {
    const { board, word } = this;
    const names = [...board.chats.values()].filter((chat) => chat.isRunning).map((chat) => chat.facts.name?.split(/\s/)[0]);
    fill(find('[data-seat-list]'), seatNodes(board.seats, names, { free: find('[data-seat]'), taken: find('[data-seat-held]'), word }));
    find('[data-seats-why]').textContent = board.seats.why || word('seats', board.seats); // why, with the two numbers
  }
}
