// The chat as plain text, for the resident to keep.

import { sayTime } from './words.js';

/** One line for each event that is shown. */
export function linesOf(events, tell) {
  return events.map((event) => lineOf(event, tell(event))).filter(Boolean);
}

function lineOf(event, said) {
  if (!said) return null;
  return said.who === undefined ? `${sayTime(event.at)} ${said.text}` : `${sayTime(event.at)} ${said.who}: ${said.text}`;
}

/** Copy a text; false where the browser does not let us. */
export async function copyText(text, root) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (refused) {
    return copyBySelection(text, root);
  }
}

function copyBySelection(text, root) {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'hidden-text';
  root.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
