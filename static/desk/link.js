// The connection of the desk: always visible, and with a way back when it was closed for good.

import { Socket } from '../chat/socket.js';
import { find } from './page.js';

export class Link {
  /** `hello()` makes the first frame, `proof()` one that is always answered; `onState(isOpen)`. */
  constructor({ address, word, hello, proof, onFrame, onState }) {
    Object.assign(this, { address, word, hello, proof, onFrame, onState });
    find('[data-alert-retry]').addEventListener('click', () => this.connect());
  }

  connect() {
    find('[data-alert]').hidden = true;
    const url = new URL(this.address, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket?.stop();
    this.socket = new Socket({
      url: url.href,
      hello: this.hello,
      proof: this.proof,
      onFrame: this.onFrame,
      onState: (state, why) => this.became(state, why),
    });
  }

  send(frame) {
    return this.socket?.send(frame) ?? false;
  }

  became(state, why) {
    const texts = { open: 'connected', connecting: 'connecting', lost: 'lost', stopped: 'stopped' };
    find('[data-link]').classList.toggle('is-off', state === 'lost' || state === 'stopped');
    find('[data-link-text]').textContent = this.word(texts[state]);
    find('#presence').disabled = state !== 'open';
    if (state === 'stopped') this.stopped(why);
    this.onState(state === 'open');
  }

  stopped(why) {
    find('[data-alert-text]').textContent = this.word(why);
    find('[data-alert-login]').hidden = why !== 'unauthorized';
    find('[data-alert-retry]').hidden = why === 'forbidden';
    find('[data-alert]').hidden = false;
  }
}
