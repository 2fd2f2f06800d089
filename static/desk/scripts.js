// Scripts by typing `/`: a list of texts under a field, chosen by keyboard or pointer. Source: EM-SCR, EM-OFF, PK-EAR.
//
//   import { attachScripts } from './scripts.js';          and the styles of desk/scripts.css
//   const scripts = attachScripts({
//     textarea,                    // where people type; the list is put before it, into its parent
//     url: '/api/v1/desk/scripts', // what may be inserted; `POST url/<id>/used` counts a use
//     fields: () => ({ customer, agent, department, phone, email, page, city }),   // of the chat in front
//     isCommand: (text) => false,  // optional: what begins with `/` and is no script, since the server fills it in
//     chat: () => ({ department: code, language: code }),  // optional: what fits it is listed first, and a
//                                                          // department is called as in its language
//     word,                        // `wordsOf(element)`, the element bearing knowledge/_script_words.html
//   });
//   scripts.start(key)    begins the sequence with this key (in the language of the chat), as a shortcut may do
//   scripts.next()        inserts the next step of the running sequence; false when there is none
//   scripts.stop()        forgets the running sequence: call it when another chat comes to the front
//   scripts.running()     null, or { sequence, step, steps } with `step` from 1, to put back with scripts.resume(it)
//   scripts.refresh()     reads the list again;  scripts.detach()  takes everything off
//
// Events on the textarea, none of which bubbles: `scripts:used` with `detail.id`; `scripts:step` with
// `detail: { sequence, step, steps, outcome, rule }`, the outcome being the suggested one, at the last step only.
//
// `/` counts at the start of the text and after a blank or a line. As long as nothing matches, nothing happens to any key,
// but for a text that is nothing else than `/` and a word: that is said to be no script, and Enter does nothing until
// Escape was pressed, since it was hardly meant for a resident.
// Enter and Tab insert, arrows move, Escape closes and leaves what was typed. These keys reach no other listener of
// the textarea while the list is open; attach this module in whatever order. A multi-line field cannot be a
// `combobox` by ARIA in HTML, and so has no aria-expanded: aria-autocomplete, aria-controls and aria-activedescendant
// say the same, and a status line says how many there are.

import { nameIn } from './filling.js';

const SHOWN = 6; // few enough to be seen without scrolling; who types on finds the others
const TRIGGER = /(?:^|\s)\/((?:[^\s/][^\n/]{0,39})?)$/;
const LONE = /^(\s*)\/([^\s/]{1,40})\s*$/;
const FIELD = /\{([a-z]+)\}/g;
let lists = 0;

/** Small letters without accents, so that `/dechets` finds “Déchets”. */
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Fill in what is known; a field without a value stays in its braces, to be seen. */
export const filled = (text, values) => text.replace(FIELD, (whole, name) => values[name] || whole);

/** Return how well a script or sequence answers what was typed: the lower the better, null for not at all. */
export function rank(each, query) {
  const wanted = plain(query);
  if (each.key !== undefined && each.key === wanted) return 0;
  if (!wanted) return 1;
  const name = plain(each.name);
  if (name.startsWith(wanted)) return 1;
  if (name.split(/[\s-]+/).some((part) => part.startsWith(wanted))) return 2;
  if (name.includes(wanted)) return 3;
  const text = each.text ?? each.steps.map((step) => step.text).join(' ');
  return wanted.length > 1 && plain(text).includes(wanted) ? 4 : null;
}

/** Return what answers the query, best first; what fits the chat goes before what does not. */
export function found(all, query, chat = {}) {
  const order = (each) => [
    chat.language && each.language !== chat.language ? 1 : 0,
    rank(each, query),
    chat.department && each.department === chat.department ? 0 : 1,
    each.personal ? 0 : 1,
    -(each.uses ?? 0),
  ];
  const compared = (a, b) => {
    const [left, right] = [order(a), order(b)];
    const at = left.findIndex((value, place) => value !== right[place]);
    return at < 0 ? a.name.localeCompare(b.name) : left[at] - right[at];
  };
  return all.filter((each) => rank(each, query) !== null).sort(compared).slice(0, SHOWN);
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function attachScripts(options) {
  const scripts = new Scripts(options);
  return {
    start: (key) => scripts.start(key),
    next: () => scripts.next(),
    stop: () => scripts.stop(),
    running: () => scripts.running && { ...scripts.running, steps: scripts.running.sequence.steps.length },
    resume: (running) => scripts.resume(running),
    refresh: () => scripts.refresh(),
    detach: () => scripts.detach(),
  };
}

class Scripts {
  constructor({ textarea, url, fields, word, isCommand = () => false, chat = () => ({}) }) {
    Object.assign(this, { textarea, url, fields, word, isCommand, chat });
    this.all = [];
    this.isLoaded = false;
    this.options = [];
    this.active = 0;
    this.running = null;
    this.dismissed = null; // where the `/` stands whose list was closed with Escape
    this.build(`scripts-${(lists += 1)}`);
    this.listen();
    this.refresh();
  }

  build(id) {
    this.list = element('ul', { id, className: 'scripts-list', role: 'listbox', hidden: true });
    this.list.setAttribute('aria-label', this.word('scripts'));
    this.status = element('p', { className: 'hidden-text', role: 'status' });
    this.bar = element('div', { className: 'scripts-bar', role: 'group', hidden: true });
    this.bar.setAttribute('aria-label', this.word('sequence'));
    this.host = this.textarea.parentElement;
    this.host.classList.add('scripts-host');
    this.textarea.before(this.bar, this.list, this.status);
    this.textarea.setAttribute('aria-autocomplete', 'list');
    this.textarea.setAttribute('aria-controls', id);
  }

  listen() {
    this.ears = new AbortController();
    const { signal } = this.ears;
    this.textarea.addEventListener('input', () => this.look(), { signal });
    this.textarea.addEventListener('click', () => this.look(), { signal });
    this.textarea.addEventListener('keyup', (event) => MOVES.has(event.key) && this.look(), { signal });
    this.textarea.addEventListener('blur', () => this.left(), { signal });
    this.textarea.addEventListener('keydown', (event) => this.pressed(event), { capture: true, signal });
    this.list.addEventListener('pointerdown', (event) => event.preventDefault(), { signal }); // the field keeps the focus
    this.list.addEventListener('click', (event) => this.clicked(event), { signal });
  }

  async refresh() {
    try {
      const answer = await fetch(this.url, { cache: 'no-store', headers: { Accept: 'application/json' } });
      if (!answer.ok) return;
      const { scripts, sequences } = await answer.json();
      this.all = [...sequences, ...scripts];
      this.isLoaded = true;
    } catch {
      // without a list the field is as it was; the next `/` asks again
    }
  }

  detach() {
    this.ears.abort();
    this.close();
    for (const each of [this.bar, this.list, this.status]) each.remove();
    this.host.classList.remove('scripts-host');
    this.textarea.removeAttribute('aria-autocomplete');
    this.textarea.removeAttribute('aria-controls');
  }

  // ---- The list ----------------------------------------------------------
  /** Return the query before the caret and where its `/` stands, or null. */
  asked() {
    const { value, selectionStart, selectionEnd } = this.textarea;
    if (selectionStart !== selectionEnd) return null;
    const match = TRIGGER.exec(value.slice(0, selectionStart));
    return match && { query: match[1], from: selectionStart - match[1].length - 1, to: selectionStart };
  }

  look() {
    const asked = this.asked();
    if (asked?.from !== this.dismissed) this.dismissed = null;
    if (!asked || this.dismissed !== null) return this.close();
    if (!this.all.length) this.lookAgain();
    const lone = this.lone();
    const options = found(this.all, lone ? asked.query.trimEnd() : asked.query, this.chat());
    if (!asked.query && this.nextStep()) options.unshift({ isNext: true, name: this.sayStep(), text: this.nextStep().text });
    if (options.length) return this.open(options);
    return lone ? this.sayNone(lone.word) : this.close();
  }

  async lookAgain() {
    const wasLoaded = this.isLoaded;
    await this.refresh();
    if ((this.all.length || this.isLoaded !== wasLoaded) && this.asked()) this.look();
  }

  /** Return the word, and where it ends, of a text that is nothing else than `/` and a word; null for what is a command. */
  lone() {
    const match = LONE.exec(this.textarea.value);
    if (!match || this.isCommand(match[0].trim())) return null;
    const [, blank, word] = match;
    return { word, end: blank.length + 1 + word.length };
  }

  /** Say, where the list would be, that there is no such script. */
  sayNone(word) {
    this.close();
    this.status.textContent = this.isLoaded ? this.word('noScript', { name: word }) : this.word('noScripts');
    this.status.className = 'scripts-none';
    this.place(this.status);
  }

  /** Above the field, or below it where there is no room. */
  place(node) {
    node.classList.toggle('is-below', node.offsetHeight > this.host.getBoundingClientRect().top);
  }

  open(options) {
    this.close();
    this.options = options;
    this.active = 0;
    this.list.replaceChildren(...options.map((each, place) => this.option(each, place)));
    this.list.hidden = false;
    this.place(this.list);
    this.mark();
    this.status.textContent = options.length === 1 ? this.word('scriptFound') : this.word('scriptsFound', { n: options.length });
  }

  close() {
    this.options = [];
    this.list.hidden = true;
    this.list.replaceChildren();
    this.textarea.removeAttribute('aria-activedescendant');
    this.status.textContent = '';
    this.status.className = 'hidden-text';
  }

  left() {
    this.dismissed = null;
    this.close();
  }

  option(each, place) {
    const tags = [];
    if (each.steps) tags.push(this.word('steps', { n: each.steps.length }));
    if (each.personal) tags.push(this.word('own'));
    if (each.overdue) tags.push(this.word('overdue'));
    if (each.language && this.chat().language && each.language !== this.chat().language) tags.push(each.language);
    const text = this.fill(each.steps ? each.steps[0] : each);
    const made = element(
      'li',
      { id: `${this.list.id}-${place}`, role: 'option' },
      element('b', { textContent: each.key ? `${each.key} · ${each.name}` : each.name }),
      ...tags.map((tag) => element('span', { className: 'chip', textContent: tag })),
      element('span', { className: 'scripts-text', textContent: text }),
    );
    if (each.language) made.lang = each.language;
    return made;
  }

  mark() {
    [...this.list.children].forEach((each, place) => each.setAttribute('aria-selected', String(place === this.active)));
    const chosen = this.list.children[this.active];
    chosen.scrollIntoView({ block: 'nearest' });
    this.textarea.setAttribute('aria-activedescendant', chosen.id);
  }

  pressed(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const act = (this.options.length ? this.keysOfList() : this.keysOfLone())[event.key];
    if (!act) {
      if (event.key === 'Enter') this.dismissed = null; // what is written next is another text
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  }

  keysOfList() {
    return {
      ArrowDown: () => this.move(1),
      ArrowUp: () => this.move(-1),
      Enter: () => this.choose(),
      Tab: () => this.choose(),
      Escape: () => this.dismiss(),
    };
  }

  /** Without a list a word that is hardly meant as it is waits for a second thought. */
  keysOfLone() {
    const lone = this.dismissed === null ? this.lone() : null;
    if (!lone) return {};
    return { Enter: () => this.ask(lone), ...(this.status.textContent && { Escape: () => this.dismiss() }) };
  }

  ask({ end }) {
    this.textarea.setSelectionRange(end, end);
    this.look();
  }

  move(by) {
    this.active = (this.active + by + this.options.length) % this.options.length;
    this.mark();
  }

  clicked(event) {
    const chosen = [...this.list.children].indexOf(event.target.closest('[role="option"]'));
    if (chosen < 0) return;
    this.active = chosen;
    this.choose();
  }

  dismiss() {
    this.dismissed = this.asked()?.from ?? null;
    this.close();
  }

  choose() {
    const each = this.options[this.active];
    const { from, to } = this.asked();
    this.close();
    this.textarea.setRangeText('', from, to, 'end'); // what was typed to find it
    if (each.isNext) this.next();
    else if (each.steps) this.begin(each);
    else this.insert(each, each.id);
  }

  // ---- Inserting -----------------------------------------------------------
  fill(script) {
    const { names, ...about } = script.about ?? {};
    const named = nameIn(names, this.chat().language);
    return filled(script.text, { ...this.fields(), ...about, ...(named && { department: named }) });
  }

  insert(script, id) {
    const text = this.fill(script);
    const at = this.textarea.selectionStart;
    this.textarea.setRangeText(text, at, this.textarea.selectionEnd, 'end');
    const open = text.search(/\{[a-z]+\}/);
    if (open >= 0) this.textarea.setSelectionRange(at + open, at + text.indexOf('}', open) + 1);
    this.textarea.focus();
    this.textarea.dispatchEvent(new Event('input', { bubbles: true }));
    if (id) this.used(id);
  }

  used(id) {
    const csrf = document.querySelector('[name="csrfmiddlewaretoken"]')?.value ?? '';
    fetch(`${this.url}/${id}/used`, { method: 'POST', keepalive: true, headers: { 'X-CSRFToken': csrf } }).catch(() => {}); // a count, no more
    this.tell('scripts:used', { id });
  }

  tell(type, detail) {
    this.textarea.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // ---- Sequences -------------------------------------------------------------
  start(key) {
    const { language } = this.chat();
    const same = this.all.filter((each) => each.steps && each.key === key);
    const sequence = same.find((each) => each.language === language) ?? (language ? undefined : same[0]);
    if (sequence) this.begin(sequence);
    return Boolean(sequence);
  }

  begin(sequence) {
    this.running = { sequence, step: 0 };
    this.next();
  }

  resume(running) {
    this.running = running && { sequence: running.sequence, step: running.step };
    this.show();
  }

  nextStep() {
    return this.running ? this.running.sequence.steps[this.running.step] : undefined;
  }

  next() {
    const step = this.nextStep();
    if (!step) return false;
    const { sequence } = this.running;
    this.running.step += 1;
    const isLast = this.running.step === sequence.steps.length;
    this.insert(step, step.script);
    this.tell('scripts:step', {
      sequence: sequence.key,
      step: this.running.step,
      steps: sequence.steps.length,
      outcome: (isLast && sequence.outcome) || null,
      rule: sequence.rule,
    });
    this.show();
    return true;
  }

  stop() {
    this.running = null;
    this.show();
  }

  sayStep() {
    const { sequence, step } = this.running;
    return this.word('nextStep', { name: sequence.name, n: step + 1, of: sequence.steps.length });
  }

  /** Show under which sequence one writes, and the way on. */
  show() {
    this.bar.hidden = !this.running;
    this.bar.replaceChildren();
    if (!this.running) return;
    const { sequence, step } = this.running;
    const said = this.word('atStep', { name: sequence.name, n: step, of: sequence.steps.length });
    this.bar.append(element('span', { textContent: said }));
    if (this.nextStep()) this.bar.append(this.button('insertNext', () => this.next()));
    else this.bar.append(element('span', { textContent: this.word('lastStep') }));
    this.bar.append(this.button('stopSequence', () => this.stop()));
  }

  button(name, act) {
    const made = element('button', { type: 'button', className: 'btn btn-plain', textContent: this.word(name) });
    made.addEventListener('click', () => {
      act();
      this.textarea.focus();
    });
    return made;
  }
}

const MOVES = new Set(['ArrowLeft', 'ArrowRight', 'Home', 'End']);
