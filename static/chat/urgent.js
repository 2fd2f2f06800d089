// Whom to call in an emergency: it stands above everything, and takes neither the focus nor the chat away.

import { phoneLink } from './links.js';

const GRAVEST_FIRST = ['life', 'city', 'non_emergency'];

export class Urgent {
  /** `box`: the element that holds [data-urgent-text] and [data-urgent-numbers]; `phone`: the template of a number. */
  constructor({ box, phone, word }) {
    Object.assign(this, { box, phone, word });
    this.clear();
  }

  clear() {
    this.told = [];
    this.box.hidden = true;
    this.box.removeAttribute('role');
  }

  /** Show a notice beside those that stand there. `isNew`: say it at once; after a reload it only stands there. */
  add({ kind = '', text, numbers }, isNew) {
    if (this.told.some((each) => each.text === text)) return;
    const place = (each) => GRAVEST_FIRST.indexOf(each.kind); // that of a refusal bears no kind and comes first
    this.told = [...this.told, { kind, text, numbers }].sort((one, other) => place(one) - place(other));
    if (isNew) this.box.setAttribute('role', 'alert');
    this.box.hidden = false;
    this.draw();
  }

  draw() {
    const texts = this.told.map((each) => Object.assign(document.createElement('p'), { textContent: each.text, dir: 'auto' }));
    const numbers = [...new Set(this.told.flatMap((each) => each.numbers))];
    this.box.querySelector('[data-urgent-text]').replaceChildren(...texts);
    this.box.querySelector('[data-urgent-numbers]').replaceChildren(...numbers.map((number) => phoneLink(this.phone, number, this.word)).filter(Boolean));
  }
}
