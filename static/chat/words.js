// The page brings the words, translated, as data attributes; modules only fill them in.

export function wordsOf(element) {
  return (key, values = {}) =>
    (element.dataset[`t${key[0].toUpperCase()}${key.slice(1)}`] ?? '').replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Say a wait in whole minutes, or null when nobody knows it. */
export function sayWait(word, seconds) {
  if (seconds === null || seconds === undefined) return null;
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes === 1 ? word('minute') : word('minutes', { n: minutes });
}

/** Texts that nobody has yet, one after the other, each in lines of its own. */
export const joined = (...texts) => texts.filter((each) => each?.trim()).join('\n');

/** The length that the server counts: code points, not UTF-16 units. */
export function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Staff pages name the one in which the server writes their times; residents have that of their language. */
const LOCALE = document.documentElement.dataset.locale || document.documentElement.lang || undefined;
const clock = new Intl.DateTimeFormat(LOCALE, { hour: 'numeric', minute: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' });
const cityDayAndClock = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit', timeZone: 'UTC' });

export const sayTime = (iso) => clock.format(new Date(iso));

/** A day and time on the reader's clock, as the times of the messages are. */
export const sayMoment = (iso) => dayAndClock.format(new Date(iso));

/** A day and time on the city's clock: the wall time that the instant bears, whatever the reader's zone. */
export const sayDayAndTime = (iso) => cityDayAndClock.format(new Date(`${iso.slice(0, 19)}Z`));
