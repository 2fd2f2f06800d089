// What the city names in a text, made to press. Only a page over TLS, and only what a telephone can dial, become links.

/** A page that opens in a new tab, or null. */
export function webLink(template, page) {
  if (!isSafe(page)) return null;
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = page;
  return link;
}

/** An address to write to, or null. */
export function mailLink(template, address) {
  if (!/^[^\s@]+@[^\s@]+$/.test(address ?? '')) return null;
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = `mailto:${encodeURIComponent(address).replace('%40', '@')}`;
  link.querySelector('span').textContent = address;
  return link;
}

/**
 * A text of which parts can be pressed, as nodes in order. `links`: `[from, to, url]` each, code points
 * of the text and the page that the server let through; all else stays plain.
 */
export function linkedText(template, text, links) {
  const signs = [...text];
  const nodes = [];
  let at = 0;
  for (const [from, to, url] of [...links].sort((one, other) => one[0] - other[0])) {
    if (from < at || to > signs.length || !isSafe(url)) continue;
    nodes.push(signs.slice(at, from).join(''), textLink(template, signs.slice(from, to).join(''), url));
    at = to;
  }
  return [...nodes, signs.slice(at).join('')];
}

function textLink(template, said, url) {
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = url;
  link.querySelector('[data-said]').textContent = said;
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
