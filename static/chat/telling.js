// What the resident reads of each kind of event: one table.

const WORDS = {
  notice: () => '',
  joined: (word, { name }) => word('joined', { name }),
  left: (word, { name }) => word('left', { name }),
  requeued: (word) => word('requeued'),
  here: (word) => word('wereHere'),
  kept_open: (word, { name }) => word('keptOpen', { name }),
  ended: (word, { from, name }) => endText(word, from, name),
};
const OWN_WORDS = ['here', 'kept_open']; // what the server says of these is meant for the agent
const UNTOLD = ['redacted'];

/** What stands in the log: { own, who, text } of a message, { text } of the rest, null of what is not shown. */
export function tellingOf(word) {
  return (event) => {
    const name = event.name ?? word('agent');
    if (event.kind === 'message') {
      const own = event.from === 'customer';
      return { own, who: own ? word('you') : name, text: event.text };
    }
    if (UNTOLD.includes(event.kind)) return null;
    const said = OWN_WORDS.includes(event.kind) ? '' : event.text;
    return { text: said || (WORDS[event.kind]?.(word, { ...event, name }) ?? event.text) };
  };
}

function endText(word, from, name) {
  if (from === 'customer') return word('endedByYou');
  return from === 'agent' && name ? word('endedBy', { name }) : word('ended');
}
