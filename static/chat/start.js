// Before a chat: who is there, the two questions, and the request that may be repeated.

import { returning, uuid } from './keep.js';
import { codePoints, sayWait } from './words.js';

const TRIES = 4;
const PATIENCE = 15000;
const CONTACTS = ['email', 'phone']; // asked for by some cities, never required

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

export function askAvailability(url, department) {
  const query = department ? `?department=${encodeURIComponent(department)}` : '';
  return fetchJson(`${url}${query}`);
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
  constructor({ form, word, limits, onSubmit }) {
    Object.assign(this, { form, word, limits });
    this.id = uuid();
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.check()) onSubmit(this.values());
    });
    form.elements.question.addEventListener('input', () => this.count());
    this.language = (document.documentElement.lang || 'en').split('-')[0];
  }

  /** Another chat is another request. */
  renew() {
    this.id = uuid();
    this.form.elements.question.value = '';
  }

  values() {
    const { name, question, language, department, email, phone } = this.form.elements;
    return {
      id: this.id,
      name: name.value.trim(),
      question: question.value,
      language: language.value || this.language,
      department: department.value || undefined,
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
    this.say('[data-notice]', found.notice);
    this.say('[data-incident] p', found.incident);
    this.show('[data-incident]', Boolean(found.incident));
    const wait = sayWait(this.word, found.estimated_wait_seconds);
    this.say('[data-expected]', found.staffed && wait ? this.word('wait', { time: wait }) : '');
  }

  offerDepartments(departments, isChosen) {
    this.keepOptions(this.form.elements.department, departments.map((each) => each.code));
    this.show('[data-several-departments]', !isChosen && departments.length > 1);
  }

  keepOptions(select, codes) {
    for (const option of [...select.options]) if (!codes.includes(option.value)) option.remove();
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
    this.clearErrors();
    const { name, question } = this.form.elements;
    const long = codePoints(question.value) - this.limits.text;
    if (!name.value.trim()) this.fault(name, this.word('noName'));
    else if (codePoints(name.value.trim()) > this.limits.name) this.fault(name, this.word('longName', { max: this.limits.name }));
    if (!question.value.trim()) this.fault(question, this.word('noQuestion'));
    else if (long > 0) this.fault(question, this.word('tooLong', { n: long }));
    const first = this.form.querySelector('[aria-invalid="true"]');
    first?.focus();
    return !first;
  }

  clearErrors() {
    this.form.querySelector('[data-start-error]').hidden = true;
    for (const error of this.form.querySelectorAll('.field .error')) error.remove();
    for (const control of this.form.querySelectorAll('[aria-invalid]')) {
      control.removeAttribute('aria-invalid');
      control.closest('.field').classList.remove('is-wrong');
      control.setAttribute('aria-describedby', (control.getAttribute('aria-describedby') ?? '').replace(/\s*\S+-error/, ''));
    }
  }

  fault(control, text) {
    const error = document.createElement('span');
    error.className = 'error';
    error.id = `${control.id}-error`;
    error.textContent = text;
    control.before(error);
    control.setAttribute('aria-invalid', 'true');
    control.setAttribute('aria-describedby', `${control.getAttribute('aria-describedby') ?? ''} ${error.id}`.trim());
    control.closest('.field').classList.add('is-wrong');
  }

  /** A refusal that names a field of ours stands at the field, any other above the form. */
  refuse({ field, detail }) {
    const control = ['name', 'question', 'language', 'department', ...CONTACTS].includes(field) ? this.form.elements[field] : null;
    if (control && !control.closest('.field').hidden) {
      this.fault(control, detail);
      control.focus();
      return;
    }
    const box = this.form.querySelector('[data-start-error]');
    box.querySelector('p').textContent = detail;
    box.hidden = false;
  }

  isBusy(busy) {
    this.form.querySelector('[type="submit"]').setAttribute('aria-disabled', String(busy));
    this.form.toggleAttribute('aria-busy', busy);
  }
}
