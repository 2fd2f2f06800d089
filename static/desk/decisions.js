// How many texts wait for a supervisor: beside the room where they are decided, said aloud when one comes.

const EVERY = 10000;
const PLACE = 'texts-title';

class Decisions {
  constructor(link) {
    this.link = link;
    this.chip = link.querySelector('[data-count]');
    this.said = document.querySelector('[data-waits-said]');
    this.newer = document.querySelector('[data-newer]'); // on the page that lists them
    this.newer?.querySelector('button').addEventListener('click', () => this.readAnew());
    this.known = Number(this.newer?.dataset.newer ?? 0);
    this.look();
    setInterval(() => this.look(), EVERY);
  }

  async look() {
    try {
      const answer = await fetch(this.link.dataset.counts, { headers: { Accept: 'application/json' } });
      if (answer.ok) this.show((await answer.json()).texts);
    } catch (noAnswer) { /* the next look may go well */ }
  }

  readAnew() {
    window.location.hash = PLACE;
    window.location.reload();
  }

  show(count) {
    this.chip.textContent = String(count);
    this.chip.hidden = !count;
    const text = this.said.dataset[count === 1 ? 'tOne' : 'tMany'].replace('{n}', count);
    this.link.title = count ? text : '';
    if (count > this.known) this.said.textContent = text;
    if (this.newer && count > this.known) this.newer.hidden = false;
    this.known = count;
  }
}

const link = document.querySelector('[data-counts]');
if (link) new Decisions(link);
if (window.location.hash === `#${PLACE}`) document.getElementById(PLACE)?.focus();
