// The chips of a chat that something was noticed of: an emergency, or that it is kept.

import { chip } from './lists.js';

/** `templates`: { life, emergency, kept }, the chips as the page brings them. */
export function flagChips(templates, { emergency, retained }, word) {
  const chips = [];
  if (emergency) chips.push(chip(emergency === 'life' ? templates.life : templates.emergency, word('emergencyChip')));
  if (retained) chips.push(chip(templates.kept, word('retainedChip')));
  return chips;
}
