// Small things of the page: where something is, a copy of a template, a short message.

const TOAST_SHOWS = 8000;

export const find = (selector) => document.querySelector(selector);

export const copyOf = (selector) => find(selector).content.firstElementChild.cloneNode(true);

export const isDialogOpen = () => Boolean(find('dialog[open]'));

/** The name that the page has for a code: of a department, a language, a topic. */
export function nameOf(list, code) {
  return find(`[data-${list}] [data-code="${CSS.escape(code ?? '')}"]`)?.textContent ?? code ?? '';
}

/** Codes and names of such a list, in the order of the page; `isMeant(data)` leaves some out. */
export function codesOf(list, isMeant = () => true) {
  const all = [...document.querySelectorAll(`[data-${list}] [data-code]`)];
  return all.filter(({ dataset }) => isMeant(dataset)).map((each) => [each.dataset.code, each.textContent]);
}

/** The topics by which a chat of this department is sorted: its own, and everybody's. */
export const topicsOf = (department) => codesOf('topics', (topic) => [department, ''].includes(topic.department));

export function toast(text) {
  const node = copyOf('[data-toast]');
  node.querySelector('p').textContent = text;
  node.querySelector('button').addEventListener('click', () => node.remove());
  find('[data-toasts]').append(node);
  setTimeout(() => node.remove(), TOAST_SHOWS);
}

/** Fill a select anew and keep what was chosen, if it is still there. */
export function fillSelect(select, pairs) {
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, label]) => Object.assign(document.createElement('option'), { value, textContent: label })));
  if (pairs.some(([value]) => String(value) === chosen)) select.value = chosen;
}

/** Say in a dialog what keeps it open; '' when nothing does. */
export function sayIn(dialog, text) {
  const box = dialog.querySelector('[data-form-error]');
  box.querySelector('p').textContent = text;
  box.hidden = !text;
}
