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
    this.known = new Date(this.newer?.dataset.newer || 0).getTime(); // when the newest came that is shown or was said
    this.look();
    setInterval(() => this.look(), EVERY);
  }

  async look() {
    try {
      const answer = await fetch(this.link.dataset.counts, { headers: { Accept: 'application/json' } });
      if (answer.ok) this.show(await answer.json());
    } catch (noAnswer) { /* the next look may go well */ }
  }

  readAnew() {
    window.location.hash = PLACE;
    window.location.reload();
  }

  show({ texts: count, newest }) {
    this.chip.textContent = String(count);
    this.chip.hidden = !count;
    const text = this.said.dataset[count === 1 ? 'tOne' : 'tMany'].replace('{n}', count);
    this.link.title = count ? text : '';
    const cameAt = new Date(newest ?? 0).getTime();
    if (cameAt <= this.known) return;
    this.known = cameAt;
    this.said.textContent = text;
    if (this.newer) this.newer.hidden = false;
  }
}

const link = document.querySelector('[data-counts]');
if (link) new Decisions(link);
if (window.location.hash === `#${PLACE}`) document.getElementById(PLACE)?.focus();
