// What a refusal says: title and text, by code, and of a closed chat by the rule that closed it.

const CLOSED_BY = {
  'EM-RET-A': ['titleNotOffered', 'notOffered'],
  'EM-HRS-30': ['titleClosingSoon', 'closingSoon'],
};
const TITLES = { banned: 'titleBanned', backup: 'titleBackup', moved: 'titleMoved', over: 'titlePageClosed' };

/** Returns { title, text }. `detail` is the server's own sentence. */
export function sayRefusal(word, { code, detail, rule, backup }) {
  if (code === 'closed') {
    const [title, text] = CLOSED_BY[rule] ?? ['titleClosed', 'closed'];
    return { title: word(title), text: word(text) };
  }
  const text = code === 'backup' ? backup?.text || word('backup') : detail || word('unknown');
  return { title: word(TITLES[code] ?? 'titleRefused'), text };
}
