// What is wrong with a form, said where it is wrong: the same for every form of the chat.

const PHONE = /^\+?[0-9][0-9 ().x/-]{5,38}$/; // as the server reads it
const FEWEST_DIGITS = 7;

export const isPhone = (text) => PHONE.test(text.trim()) && text.replace(/\D/g, '').length >= FEWEST_DIGITS;
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
