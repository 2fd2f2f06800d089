// A single frame that wants an answer, over plain HTTP: it works beside a socket, without one, and after the end.

const PATIENCE = 15000;

/** Send a frame of the session; answers { ok, answer }, `answer` being null when nothing came back. */
export async function askCity({ sessions, session, token }, frame) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), PATIENCE);
  try {
    const answer = await fetch(`${sessions}/${session}/frames`, {
      method: 'POST',
      credentials: 'omit',
      cache: 'no-store',
      signal: control.signal,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(frame),
    });
    return { ok: answer.ok, answer: await answer.json() };
  } catch (lost) {
    return { ok: false, answer: null };
  } finally {
    clearTimeout(timer);
  }
}
