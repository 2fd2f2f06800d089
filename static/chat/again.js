// While the chat polls: a socket is tried beside the poll, again and again, until one is greeted.

const AFTER = [10000, 30000, 60000]; // the last one from then on

export class Again {
  /** `make()`: a socket that has been started; whoever made it says by `failed()` that it did not get through. */
  constructor(make) {
    this.make = make;
    this.times = 0;
    this.wakeUp = () => this.anew();
    window.addEventListener('online', this.wakeUp);
    this.later();
  }

  /** The browser says that the network is back: what was begun before it was gone may hang. */
  anew() {
    this.socket?.stop();
    this.socket = null;
    this.soon();
  }

  /** The network has just shown that it is there. */
  soon() {
    this.times = 0;
    this.now();
  }

  now() {
    clearTimeout(this.timer);
    this.socket ??= this.make();
  }

  later() {
    this.timer = setTimeout(() => this.now(), AFTER[Math.min(this.times, AFTER.length - 1)]);
  }

  failed() {
    this.socket?.stop();
    this.socket = null;
    clearTimeout(this.timer);
    this.later();
    this.times += 1;
  }

  /** Return the socket that got through, which is the caller's from then on. */
  take() {
    const { socket } = this;
    this.socket = null;
    this.stop();
    return socket;
  }

  stop() {
    clearTimeout(this.timer);
    window.removeEventListener('online', this.wakeUp);
    this.socket?.stop();
    this.socket = null;
  }
}
