// The title says how much is unread, and flashes while nobody looks.

const FLASH_EVERY = 1200;

export class Title {
  constructor(plain, newText) {
    this.plain = plain;
    this.newText = newText;
    this.unread = 0;
    this.isFlashed = false;
    this.isCalm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    setInterval(() => this.flash(), FLASH_EVERY);
  }

  show(unread) {
    this.unread = unread;
    this.isFlashed = false;
    this.write();
  }

  flash() {
    if (!this.unread || this.isCalm || (!document.hidden && document.hasFocus())) {
      if (this.isFlashed) this.show(this.unread);
      return;
    }
    this.isFlashed = !this.isFlashed;
    this.write();
  }

  write() {
    const count = this.unread ? `(${this.unread}) ` : '';
    const title = `${count}${this.isFlashed ? this.newText() : this.plain}`;
    if (document.title !== title) document.title = title;
  }
}
