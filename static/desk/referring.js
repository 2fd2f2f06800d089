// Referring somebody: where they are helped, and what to do in which order. The server knows the order (EM-REF).

import { FormDialog } from './dialogs.js';
import { copyOf, find, isDialogOpen, sayIn, toast } from './page.js';

const DO = { transfer: 'referTransfer', contact: 'referInsert', link: 'referInsert', message: 'referMessage' };

export class Refer {
  /**
   * `addresses`: { directory, ways, message }; `why({rule, data})` makes the mark of a rule. What a step does:
   * `transfer(chat, code)`, and `write(chat, text)` into the reply.
   */
  constructor({ addresses, word, why, transfer, write, onClose }) {
    Object.assign(this, { addresses, word, why, transfer, write });
    this.dialog = find('[data-refer-dialog]');
    this.list = this.dialog.querySelector('[data-bodies]');
    this.steps = this.dialog.querySelector('[data-refer-steps]');
    this.search = this.dialog.querySelector('input[type="search"]');
    this.search.addEventListener('input', () => this.draw());
    this.list.addEventListener('click', (event) => this.chosen(event));
    this.steps.addEventListener('click', (event) => this.pressed(event));
    this.dialog.querySelector('[data-back]').addEventListener('click', () => this.find());
    this.dialog.querySelector('[data-cancel]').addEventListener('click', () => this.dialog.close());
    this.dialog.addEventListener('close', onClose);
    this.message = new FormDialog({
      dialog: find('[data-message-dialog]'), what: 'message', word,
      send: (frame) => this.post(frame),
      frame: (form, shown) => {
        const text = shown.text('text', word('noMessage'));
        return text ? { department: this.entry.code, text, email: form.elements.email.value, phone: form.elements.phone.value } : null;
      },
    });
  }

  open(chat) {
    if (isDialogOpen()) return;
    this.chat = chat;
    this.search.value = '';
    this.entries = null;
    this.list.replaceChildren();
    this.dialog.showModal();
    this.find();
    this.load();
  }

  async load() {
    const told = await this.ask(this.addresses.directory);
    if (!told) return;
    this.entries = [...told.departments.map((each) => ({ ...each, isOurs: true })), ...told.bodies];
    this.draw();
  }

  /** Ask the server; where it refuses or cannot be reached the dialog says so and stays as it is, and the answer is null. */
  async ask(address) {
    this.say('');
    const asked = this.asked = Symbol(address);
    const { isOk, body } = await answerOf(fetch(address, { headers: { Accept: 'application/json' } }));
    if (asked !== this.asked) return null; // something else was chosen meanwhile
    if (!isOk) this.say(body?.detail ?? this.word('noReferAnswer'), { untilLinked: !body });
    return isOk ? body : null;
  }

  /** `untilLinked`: it is true only as long as there is no line. */
  say(text, { untilLinked = false } = {}) {
    this.untilLinked = untilLinked;
    sayIn(this.dialog, text);
  }

  /** There is a line again: what could not be loaded is loaded now. */
  linked() {
    this.message.linked();
    if (this.dialog.open && !this.entries) this.load();
    else if (this.untilLinked) this.say('');
  }

  // ---- Whom ------------------------------------------------------------------

  find() {
    this.show('find');
    this.say('');
    this.search.focus();
  }

  show(part) {
    for (const each of this.dialog.querySelectorAll('[data-part]')) each.hidden = each.dataset.part !== part;
  }

  draw() {
    if (!this.entries) return;
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const shown = this.entries.filter((each) => [each.name, each.responsible_for].join(' ').toLocaleLowerCase().includes(wanted));
    this.list.replaceChildren(...shown.map((each) => this.row(each)));
    if (!shown.length) this.list.textContent = this.word('nothingFound');
  }

  row(entry) {
    const node = copyOf('[data-body-row]');
    node.entry = entry;
    node.querySelector('b').textContent = entry.name;
    node.querySelector('[data-ways]').textContent = [entry.phone, entry.email, entry.page].filter(Boolean).join(' · ');
    node.querySelector('[data-for]').textContent = entry.responsible_for ?? '';
    node.querySelector('[data-choose] span').textContent = ` ${entry.name}`;
    return node;
  }

  async chosen(event) {
    const entry = event.target.closest('[data-choose]')?.closest('li').entry;
    if (!entry) return;
    const language = this.chat.facts.language ? { language: this.chat.facts.language } : {};
    const which = { [entry.isOurs ? 'department' : 'body']: entry.code, ...language };
    const told = await this.ask(`${this.addresses.ways}?${new URLSearchParams(which)}`);
    if (told && this.dialog.open) this.showWays(entry, told);
  }

  // ---- What to do --------------------------------------------------------------

  showWays(entry, { name, steps, rule, why }) {
    this.entry = entry;
    const title = this.dialog.querySelector('[data-refer-name]');
    title.textContent = name;
    this.dialog.querySelector('[data-refer-why]').replaceChildren(this.why({ rule, data: { why } }));
    this.steps.replaceChildren(...steps.map((each, place) => this.step(each, place)));
    this.show('ways');
    title.focus();
  }

  step(step, place) {
    const node = copyOf('[data-refer-step]');
    node.step = step;
    const [say, button] = [node.querySelector('[data-say]'), node.querySelector('button')];
    say.textContent = step.say;
    say.id = `refer-step-${place}`;
    button.textContent = this.word(DO[step.way]);
    button.classList.toggle('btn-primary', place === 0);
    button.setAttribute('aria-describedby', say.id);
    return node;
  }

  pressed(event) {
    const step = event.target.closest('button')?.closest('li').step;
    if (!step) return;
    if (step.way === 'contact' || step.way === 'link') {
      this.write(this.chat, step.text);
      event.target.closest('li').querySelector('[data-done]').textContent = this.word('referInserted');
      return;
    }
    this.dialog.close();
    if (step.way === 'transfer') this.transfer(this.chat, this.entry.code);
    else this.takeMessage();
  }

  takeMessage() {
    find('[data-message-title]').textContent = this.word('messageTitle', { name: this.entry.name });
    this.message.open(this.chat);
  }

  /** The dialog of a message is answered over HTTP, as by a frame; it always goes out. */
  post({ type: _type, ref: _ref, ...message }) {
    const { chat } = this;
    const csrf = find('[name="csrfmiddlewaretoken"]')?.value ?? '';
    const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': csrf };
    answerOf(fetch(this.addresses.message, { method: 'POST', headers, body: JSON.stringify(message) })).then(({ isOk, body }) => {
      if (!isOk) {
        this.message.refused('message', body ?? { detail: this.word('noReferAnswer'), untilLinked: true });
        return;
      }
      this.message.granted('message', message.session);
      this.write(chat, body.text);
      toast(this.word('messagePassedOn'));
    });
    return true;
  }
}

/** What a request was answered with; without a body that can be read, or where nothing came: null. */
async function answerOf(request) {
  try {
    const answer = await request;
    return { isOk: answer.ok, body: await answer.json() };
  } catch {
    return { isOk: false, body: null };
  }
}
