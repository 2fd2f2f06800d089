// What is wrong with a form, said where it is wrong: the same for every form of the chat.

const LEAST_DIGITS = 7;
const MOST_DIGITS = 15;
const LONGEST_PHONE = 40;
const EXTENSION = / *(?:x|ext\.?) *[0-9]{1,6}$/i;
const SIGNS = /^\+?[0-9 ().\-/]+$/;

/** Whether somebody could be called there, as the server has it (`contactcenter/cases/rules.py`). */
export function isPhone(text) {
  const phone = text.trim().split(/\s+/).join(' ');
  const number = phone.replace(EXTENSION, '');
  const digits = number.replace(/\D/g, '').length;
  return phone.length <= LONGEST_PHONE && SIGNS.test(number) && digits >= LEAST_DIGITS && digits <= MOST_DIGITS;
}

export const isEmail = (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim());

/** Say at a control what is wrong with it. */
export function fault(control, text) {
  const error = document.createElement('span');
  error.className = 'error';
  error.id = `${control.id}-error`;
  error.textContent = text;
  control.before(error);
  control.setAttribute('aria-invalid', 'true');
  control.setAttribute('aria-describedby', `${control.getAttribute('aria-describedby') ?? ''} ${error.id}`.trim());
  control.closest('.field').classList.add('is-wrong');
}

/** Take back what was said; `box` is the place for what belongs to no control. */
export function clearFaults(form, box) {
  box.hidden = true;
  for (const error of form.querySelectorAll('.field .error')) error.remove();
  for (const control of form.querySelectorAll('[aria-invalid]')) {
    control.removeAttribute('aria-invalid');
    control.closest('.field').classList.remove('is-wrong');
    control.setAttribute('aria-describedby', (control.getAttribute('aria-describedby') ?? '').replace(/\s*\S+-error/, ''));
  }
}

/** Go to the first control that is wrong; false if there is none. */
export function focusFault(form) {
  const first = form.querySelector('[aria-invalid="true"]');
  first?.focus();
  return Boolean(first);
}

/** A refusal that names one of these fields stands at the field, any other above the form. */
export function showRefusal(form, box, { field, detail }, fields) {
  const control = fields.includes(field) ? form.elements[field] : null;
  if (control?.id && !control.closest('.field').hidden) {
    fault(control, detail);
    control.focus();
    return;
  }
  box.querySelector('p').textContent = detail;
  box.hidden = false;
}

/** While an answer is on its way, the button says so and the form takes no second try. */
export function setBusy(form, isBusy) {
  form.querySelector('[type="submit"]').setAttribute('aria-disabled', String(isBusy));
  form.toggleAttribute('aria-busy', isBusy);
}
