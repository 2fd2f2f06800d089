// What the city names in a text, made to press. Only a page over TLS, and only what a telephone can dial, become links.

/** A page that opens in a new tab, or null. */
export function webLink(template, page) {
  if (!isSafe(page)) return null;
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = page;
  return link;
}

function isSafe(page) {
  try {
    return new URL(page).protocol === 'https:';
  } catch (noAddress) {
    return false;
  }
}

/** A number to call, or null where there are no digits; an extension is said, not dialled. */
export function phoneLink(template, number, word) {
  const digits = (number ?? '').split(/[a-z;,#]/i)[0].replace(/[^\d+]/g, '');
  if (!/^\+?\d+$/.test(digits)) return null;
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = `tel:${digits}`;
  link.querySelector('span').textContent = word('call', { number });
  return link;
}
