// Who waits, in the order of the queue, and where each stands in the line of its department.

const AFTER_ALL = '~';

const byText = (one, other) => (one < other ? -1 : Number(one > other)); // instants of the server compare as texts, to the microsecond

/** As the server orders them: put back first, then priority, then who has waited longest; the id breaks ties. */
function byTurn(one, other) {
  return byText(one.requeued_at ?? AFTER_ALL, other.requeued_at ?? AFTER_ALL)
    || other.priority - one.priority
    || byText(one.queued_at, other.queued_at)
    || byText(one.session, other.session);
}

/** Return the items by session, in order, each with its `position`: after those of its department before it, shown here or not. */
export function inQueueOrder(items) {
  const shown = {};
  return new Map([...items].sort(byTurn).map((item) => {
    shown[item.department] = (shown[item.department] ?? 0) + 1;
    return [item.session, { ...item, position: shown[item.department] + (item.hidden_before ?? 0) }];
  }));
}
