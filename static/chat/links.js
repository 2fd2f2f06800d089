// What the city names in a text, made to press. Only a page over TLS, and only what a telephone can dial, become links.

/** A page that opens in a new tab, or null. */
export function webLink(template, page) {
  if (!isSafe(page)) return null;
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = page;
  return link;
}

/** An address to write to, or null. */
export function mailLink(template, address, word) {
  if (!/^[^\s@]+@[^\s@]+$/.test(address ?? '')) return null;
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = `mailto:${encodeURIComponent(address).replace('%40', '@')}`;
  link.querySelector('span').textContent = word('write', { address });
  return link;
}

/**
 * A text whose `links` can be pressed: nodes, in order. `links` are the addresses that the server let
 * through, as they stand in the text, or `[from, to]` places of them in code points; all else stays plain.
 */
export function linkedText(template, text, links) {
  const signs = [...text];
  const nodes = [];
  let at = 0;
  for (const [from, to] of placesOf(text, links)) {
    const said = signs.slice(from, to).join('');
    if (from < at || !isSafe(said)) continue;
    nodes.push(document.createTextNode(signs.slice(at, from).join('')), textLink(template, said));
    at = to;
  }
  nodes.push(document.createTextNode(signs.slice(at).join('')));
  return nodes;
}

function placesOf(text, links) {
  const places = links.map((link) => (typeof link === 'string' ? placeOf(text, link) : link));
  return places.filter((place) => Array.isArray(place)).sort((one, other) => one[0] - other[0]);
}

function placeOf(text, link) {
  const index = text.indexOf(link);
  if (index < 0) return null;
  const from = [...text.slice(0, index)].length;
  return [from, from + [...link].length];
}

function textLink(template, said) {
  const link = template.content.firstElementChild.cloneNode(true);
  link.href = said;
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
