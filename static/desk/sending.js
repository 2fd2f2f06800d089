// What could not be sent: a desk that is not connected says so, in one way for all that one may press.

import { toast } from './page.js';

/** What was not done, and what to do now. `frame`: what was to be sent. */
export const notSent = (word, { type }) => word('notSent', { what: word(`not_${type}`) });

/** A `send` that says where it could not; it answers the same. */
export const sendAloud = (send, word) => (frame) => {
  const isSent = send(frame);
  if (!isSent) toast(notSent(word, frame));
  return isSent;
};
