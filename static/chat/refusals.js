// What a refusal says: title and text, by code, and of a closed chat by the rule that closed it.

const CLOSED_BY = {
  'EM-RET-A': ['titleNotOffered', 'notOffered'],
  'EM-HRS-30': ['titleClosingSoon', 'closingSoon'],
};
const TITLES = { banned: 'titleBanned', moved: 'titleMoved', over: 'titlePageClosed' };

/** Returns { title, text }. `detail` is the server's own sentence; `backup` the way round while the chat is out of order. */
export function sayRefusal(word, { code, detail, rule, backup }) {
  if (backup) return { title: word('titleBackup'), text: backup.text || word('backup') };
  if (code === 'closed') {
    const [title, text] = CLOSED_BY[rule] ?? ['titleClosed', 'closed'];
    return { title: word(title), text: word(text) };
  }
  return { title: word(TITLES[code] ?? 'titleRefused'), text: detail || word('unknown') };
}
