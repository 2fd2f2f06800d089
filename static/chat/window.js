// A window of its own for a running chat: the token goes from our origin to our origin only.

const PATIENCE = 2000;

export class OwnWindow {
  /**
   * `address`: the page that shows the chat alone. `give()` returns what the other window needs, or null;
   * `onGiven()`: it went over; `onTaken(what)`: it came here; `onNobody()`: the opener does not answer.
   */
  constructor({ address, give, onGiven, onTaken, onNobody }) {
    Object.assign(this, { address, give, onGiven, onTaken, onNobody });
    window.addEventListener('message', (event) => this.handOver(event));
  }

  open() {
    const language = encodeURIComponent(document.documentElement.lang);
    this.opened = window.open(`${this.address}?continue=1&language=${language}`, '_blank');
  }

  /** Ask the window that opened this one; false if there is none to ask. */
  askOpener() {
    if (!window.opener || !new URLSearchParams(window.location.search).has('continue')) return false;
    window.opener.postMessage({ townline: 'give' }, window.location.origin);
    this.nobodyGave = setTimeout(this.onNobody, PATIENCE);
    return true;
  }

  handOver(event) {
    if (event.origin !== window.location.origin) return;
    if (event.data?.townline === 'give' && event.source === this.opened) this.handItOver();
    if (event.data?.townline === 'take' && event.source === window.opener) this.take(event.data);
  }

  handItOver() {
    const given = this.give();
    if (!given) return;
    this.opened.postMessage({ townline: 'take', ...given }, window.location.origin);
    this.onGiven();
  }

  take({ chat, outbox, draft }) {
    if (this.give()) return;
    clearTimeout(this.nobodyGave);
    window.history.replaceState(null, '', `${this.address}?language=${encodeURIComponent(document.documentElement.lang)}`);
    this.onTaken({ chat, outbox, draft });
  }
}
