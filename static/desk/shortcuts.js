// Alt and a letter act, a single key only shows the list; both can be switched off in this browser (WCAG 2.1.4).

import { forBrowser } from '../chat/keep.js';
import { isDialogOpen } from './page.js';

export class Shortcuts {
  /** `single` and `alt`: the boxes that switch the two kinds. */
  constructor({ dialog, opener, single, alt }, acts) {
    Object.assign(this, { dialog, single, alt, acts });
    for (const [key, box] of [['single-keys', single], ['alt-keys', alt]]) {
      box.checked = forBrowser.get(key) !== false;
      box.addEventListener('change', () => forBrowser.set(key, box.checked));
    }
    opener.addEventListener('click', () => dialog.showModal());
    document.addEventListener('keydown', (event) => this.pressed(event));
  }

  pressed(event) {
    if (isDialogOpen()) return;
    if (event.altKey && !event.ctrlKey && !event.metaKey && this.alt.checked && this.acts[event.code]) {
      event.preventDefault();
      this.acts[event.code]();
    } else if (event.key === '?' && this.single.checked && !event.target.closest('input, textarea, select')) {
      this.dialog.showModal();
    }
  }
}
