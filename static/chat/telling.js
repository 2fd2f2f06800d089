// What the resident reads of each kind of event: one table. The server's own sentence goes first, where it has one.

const WORDS = {
  joined: (word, { name }) => word('joined', { name }),
  left: (word, { name }) => word('left', { name }),
  transferred: (word, { name, data }) => transferText(word, name, data?.to ?? {}),
  held: (word, { name }) => word('held', { name }),
  resumed: (word, { name }) => word('resumed', { name }),
  requeued: (word, { name, data }) => word({ agent_lost: 'lostAgent', agent_silent: 'silentAgent' }[data?.why] ?? 'requeued', { name }),
  chosen: (word, { data }) => word({ wait: 'choseWait', another: 'choseAnother', message: 'choseMessage', callback: 'choseCallback' }[data?.option] ?? 'choseWait'),
  here: (word) => word('wereHere'),
  kept_open: (word, { name }) => word('keptOpen', { name }),
  ended: (word, { from, name }) => endText(word, from, name),
};
const OWN_WORDS = ['here', 'kept_open']; // what the server says of these is meant for the agent
const UNTOLD = ['redacted'];

/**
 * What stands in the log: { own, who, text, links } of a message, { text } of the rest, null of what is not shown.
 * `before(seq)`: the event that came just before; `languageOfTexts()`: that of the server's sentences.
 */
export function tellingOf(word, { before, languageOfTexts }) {
  return (event) => {
    const name = event.name ?? word('agent');
    const lang = languageOfTexts();
    if (event.kind === 'message') {
      if (event.from === 'customer') return { own: true, who: word('you'), text: event.text };
      return { own: false, who: name, text: event.text, lang, links: event.data?.links };
    }
    if (UNTOLD.includes(event.kind)) return null;
    if (event.kind === 'left' && before(event.seq)?.kind === 'transferred') return null; // that says it already
    if (event.text && !OWN_WORDS.includes(event.kind)) return { text: event.text, lang };
    return { text: WORDS[event.kind]?.(word, { ...event, name }) ?? event.text };
  };
}

/** `to`: { name } of a colleague, { department_name } or { name } of a department, or of both. */
function transferText(word, name, { name: agent, department_name: department }) {
  const to = agent && department ? word('ofDepartment', { agent, department }) : agent ?? department;
  return to ? word('transferredTo', { name, to }) : word('transferred', { name });
}

function endText(word, from, name) {
  if (from === 'customer') return word('endedByYou');
  return from === 'agent' && name ? word('endedBy', { name }) : word('ended');
}
