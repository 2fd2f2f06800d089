// A silent resident: what the events say about it. Both sides read it here.

const ASKS = ['EM-IDLE-2', 'EM-IDLE-4']; // the question, and the time given again
const NO_LONGER = ['ended', 'left', 'requeued', 'joined', 'held', 'resumed', 'transferred'];

/**
 * Where the silence stands after these events, in order: { endsAt, since } once the resident was asked
 * (`endsAt` null where the chat does not end by itself), { isKeptOpen: true }, or null.
 */
export function silenceOf(events) {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const { kind, rule, from, data } = events[index];
    if (kind === 'notice' && data?.withdrawn) return null;
    if (kind === 'notice' && ASKS.includes(rule)) return { endsAt: data?.ends_at ?? null, since: data?.silent_since ?? null };
    if (kind === 'kept_open') return { isKeptOpen: true };
    if (from === 'customer' || NO_LONGER.includes(kind)) return null;
  }
  return null;
}

/** Minutes and seconds that are left, by the server's clock; never below zero. */
export function sayLeft(endsAt, skew) {
  const seconds = Math.max(0, Math.round((new Date(endsAt) - Date.now() - skew) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
