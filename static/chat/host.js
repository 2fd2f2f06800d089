// The page that frames us, if any. It learns that a chat runs and how much is unread; never a word, never the token.

export class Host {
  /** `allowed`: the exact origins that may frame us besides our own. */
  constructor(allowed, { onShown, onHidden }) {
    this.allowed = new Set([window.location.origin, ...allowed]);
    this.origin = null;
    this.isFramed = window.parent !== window;
    this.isShown = !this.isFramed;
    this.last = null;
    window.addEventListener('message', (event) => this.receive(event, { onShown, onHidden }));
  }

  receive(event, { onShown, onHidden }) {
    if (!this.isFramed || event.source !== window.parent || !this.allowed.has(event.origin)) return;
    const type = event.data?.townline;
    if (type === 'hello') {
      this.origin = event.origin;
      document.querySelector('[data-minimise]')?.removeAttribute('hidden');
      this.tell('ready');
      if (this.last) this.tell('state', this.last);
    }
    if (type === 'shown') {
      this.isShown = true;
      onShown(event.data.focus === true);
    }
    if (type === 'hidden') {
      this.isShown = false;
      onHidden();
    }
  }

  tell(type, facts = {}) {
    if (this.origin) window.parent.postMessage({ townline: type, ...facts }, this.origin);
  }

  state(facts) {
    this.last = facts;
    this.tell('state', facts);
  }
}
