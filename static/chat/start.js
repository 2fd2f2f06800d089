// Before a chat: who is there, the two questions, and the request that may be repeated.

import { clearFaults, fault, focusFault, setBusy, showRefusal } from './fields.js';
import { forTab, returning, uuid } from './keep.js';
import { codePoints, joined, sayWait } from './words.js';

const TRIES = 4;
const PATIENCE = 15000;
const CONTACTS = ['email', 'phone']; // asked for by some cities, never required
const FIELDS = ['name', 'question', 'language', 'department', ...CONTACTS];

async function fetchJson(url, options = {}) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), PATIENCE);
  try {
    const answer = await fetch(url, { credentials: 'omit', cache: 'no-store', signal: control.signal, ...options });
    return { status: answer.status, body: await answer.json() };
  } finally {
    clearTimeout(timer);
  }
}

/** What may be asked before a chat: who is there, or the menu. Without a department it is that of the default one. */
export function askBefore(url, { department, language }) {
  const query = new URLSearchParams();
  if (department) query.set('department', department);
  if (language) query.set('language', language);
  return fetchJson(`${url}?${query}`);
}

/** Ask for a chat. A lost answer is asked for again with the same `id`: there is one session, whatever happens. */
export async function requestChat(url, form) {
  const body = JSON.stringify({ ...form, returning: returning.get() });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { status, body: answer } = await fetchJson(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      if (status < 500) return { ok: status === 200 || status === 201, answer };
      if (attempt === TRIES) return { ok: false, answer };
    } catch (lost) {
      if (attempt === TRIES) throw lost;
    }
    await new Promise((done) => setTimeout(done, 400 * 2 ** attempt));
  }
}

export class StartForm {
  /** `language`: that of the page, and of the chat unless another is chosen. */
  constructor({ form, word, limits, language, onSubmit }) {
    Object.assign(this, { form, word, limits, language });
    this.box = form.querySelector('[data-start-error]');
    this.id = uuid();
    this.choices = new Map(['language', 'department'].map((name) => [name, [...form.elements[name].options]]));
    this.spoken = Object.fromEntries([...form.elements.language.options].map((option) => [option.value, option.textContent]));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.check()) onSubmit(this.values());
    });
    form.elements.question.addEventListener('input', () => this.count());
    this.restore();
  }

  /** Another chat is another request. */
  renew() {
    this.id = uuid();
    this.form.elements.question.value = '';
    this.about({});
    forTab.drop('asked');
  }

  /** What is typed stays when the page is read in another language. */
  save() {
    const { name, question } = this.form.elements;
    forTab.set('asked', { name: name.value, question: question.value });
  }

  /** Take over words that came too late for the chat before. */
  carry(text) {
    const { question } = this.form.elements;
    question.value = joined(text, question.value);
    if (text) this.save();
  }

  restore() {
    const asked = forTab.get('asked');
    forTab.drop('asked');
    if (!asked) return;
    this.form.elements.name.value = asked.name;
    this.form.elements.question.value = asked.question;
  }

  /** What the chat is about, as chosen in the menu: { department, topic, label }, each may be missing. */
  about({ department, topic, label }) {
    this.topic = topic || undefined;
    if (department) this.prefer(this.form.elements.department, department);
    this.say('[data-about-text]', label);
    this.show('[data-about]', Boolean(label));
  }

  values() {
    const { name, question, language, department, email, phone } = this.form.elements;
    return {
      id: this.id,
      name: name.value.trim(),
      question: question.value,
      language: language.value || this.language,
      department: department.value || undefined,
      topic: this.topic,
      email: this.given(email),
      phone: this.given(phone),
    };
  }

  /** What may be left out, if it is asked for and was filled in. */
  given(control) {
    return control.closest('.field').hidden ? undefined : control.value.trim() || undefined;
  }

  offer(found) {
    for (const field of CONTACTS) this.show(`[data-asks="${field}"]`, found.asks?.includes(field));
    this.show('[data-unstaffed]', !found.staffed);
    this.show('[data-several-languages]', found.languages.length > 1);
    this.keepOptions(this.form.elements.language, found.languages);
    this.prefer(this.form.elements.language, this.language);
    this.sayOtherLanguage(found.languages);
    this.say('[data-notice]', found.notice);
    const wait = sayWait(this.word, found.estimated_wait_seconds);
    this.say('[data-expected]', found.staffed && wait ? this.word('wait', { time: wait }) : '');
  }

  /** The city chats in the reader's language, but nobody is there who speaks it today. */
  sayOtherLanguage(languages) {
    const language = this.spoken[this.language];
    const isMissing = Boolean(language) && languages.length > 0 && !languages.includes(this.language);
    this.say('[data-other-language] p', isMissing ? this.word('otherLanguage', { language }) : '');
    this.show('[data-other-language]', isMissing);
  }

  offerDepartments(departments, isChosen) {
    this.keepOptions(this.form.elements.department, departments.map((each) => each.code));
    this.show('[data-several-departments]', !isChosen && departments.length > 1);
  }

  /** Offer these of all that there are; what was chosen stays chosen, if it is among them. */
  keepOptions(select, codes) {
    const { value } = select;
    select.replaceChildren(...this.choices.get(select.name).filter((option) => codes.includes(option.value)));
    this.prefer(select, value);
  }

  prefer(select, code) {
    if ([...select.options].some((option) => option.value === code)) select.value = code;
  }

  show(selector, isShown) {
    this.form.querySelector(selector).hidden = !isShown;
  }

  say(selector, text) {
    const node = this.form.querySelector(selector);
    node.textContent = text ?? '';
    node.hidden = !text;
  }

  count() {
    const over = codePoints(this.form.elements.question.value) - this.limits.text;
    this.say('[data-count]', over > 0 ? this.word('tooLong', { n: over }) : '');
  }

  check() {
    clearFaults(this.form, this.box);
    const { name, question } = this.form.elements;
    const long = codePoints(question.value) - this.limits.text;
    if (!name.value.trim()) fault(name, this.word('noName'));
    else if (codePoints(name.value.trim()) > this.limits.name) fault(name, this.word('longName', { max: this.limits.name }));
    if (!question.value.trim()) fault(question, this.word('noQuestion'));
    else if (long > 0) fault(question, this.word('tooLong', { n: long }));
    return !focusFault(this.form);
  }

  refuse(answer) {
    clearFaults(this.form, this.box);
    showRefusal(this.form, this.box, answer, FIELDS);
  }

  isBusy(busy) {
    setBusy(this.form, busy);
  }
}
