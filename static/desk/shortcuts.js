// Alt and a letter act; a single key only shows the list, and can be switched off.

import { forBrowser } from '../chat/keep.js';

export class Shortcuts {
  constructor({ dialog, opener, box }, acts) {
    Object.assign(this, { dialog, box, acts });
    box.checked = forBrowser.get('single-keys') !== false;
    box.addEventListener('change', () => forBrowser.set('single-keys', box.checked));
    opener.addEventListener('click', () => dialog.showModal());
    document.addEventListener('keydown', (event) => this.pressed(event));
  }

  pressed(event) {
    if (document.querySelector('dialog[open]')) return;
    if (event.altKey && !event.ctrlKey && !event.metaKey && this.acts[event.code]) {
      event.preventDefault();
      this.acts[event.code]();
    } else if (event.key === '?' && this.box.checked && !event.target.closest('input, textarea, select')) {
      this.dialog.showModal();
    }
  }
}
