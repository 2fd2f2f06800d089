// The words that the page has for values of the server.

export function labelsOf(words, word) {
  /** An outcome (o), a presence (p), an emergency (e), a reason (r), what was hidden (f). */
  const label = (kind, value) => (value ? words.getAttribute(`data-${kind}-${value}`) ?? value : '');
  const as = (outcome, key, plain) => (label('o', outcome) ? word(key, { outcome: label('o', outcome) }) : word(plain));
  return {
    label,
    outcomeText: (outcome) => as(outcome, 'endedAs', 'ended'),
    endedAs: (outcome) => label('o', outcome) || word('endedChip'),
  };
}
