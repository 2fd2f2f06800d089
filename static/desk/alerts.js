// What reaches an agent who looks elsewhere: a tone, a notice without any text of a resident, a mark on the tab.

import { forBrowser } from '../chat/keep.js';
import { find } from './page.js';

const TONE = { frequency: 660, seconds: 0.18, volume: 0.12 };

export class Alerts {
  constructor(word) {
    this.word = word;
    this.sound = find('#alert-sound');
    this.ask = find('[data-alert-notices]');
    this.sound.checked = forBrowser.get('sound') === true;
    this.sound.addEventListener('change', () => {
      forBrowser.set('sound', this.sound.checked);
      if (this.sound.checked) this.tone();
    });
    this.ask.addEventListener('click', () => this.permit());
    this.icon = document.querySelector('link[rel="icon"]');
    this.plain = this.icon?.href;
    this.showPermission();
  }

  async permit() {
    if ('Notification' in window) await Notification.requestPermission();
    this.showPermission();
  }

  showPermission() {
    const state = 'Notification' in window ? Notification.permission : 'denied';
    this.ask.hidden = state !== 'default';
    find('[data-notices-state]').textContent = this.word(`notices_${state}`);
  }

  /** Something came: `what` is `offer` or `message`; said only to who does not look. */
  call(what) {
    if (this.sound.checked) this.tone();
    if (!document.hidden && document.hasFocus()) return;
    if ('Notification' in window && Notification.permission === 'granted') {
      const notice = new Notification(this.word('noticeTitle'), { body: this.word(`notice_${what}`), tag: 'townline-desk' });
      notice.addEventListener('click', () => {
        window.focus();
        notice.close();
      });
    }
  }

  tone() {
    try {
      this.audio ??= new AudioContext();
      const { frequency, seconds, volume } = TONE;
      const start = this.audio.currentTime;
      const gain = new GainNode(this.audio, { gain: volume });
      const tone = new OscillatorNode(this.audio, { frequency });
      gain.gain.exponentialRampToValueAtTime(0.001, start + seconds);
      tone.connect(gain).connect(this.audio.destination);
      tone.start(start);
      tone.stop(start + seconds);
    } catch (noSound) { /* a browser without sound */ }
  }

  /** The number on the tab's icon. */
  badge(count) {
    if (!this.icon || this.count === count) return;
    this.count = count;
    if (!count) {
      this.icon.href = this.plain;
      return;
    }
    const text = count > 9 ? '9+' : String(count);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#b3261e"/><text x="16" y="23" font-family="sans-serif" font-weight="700" font-size="${text.length > 1 ? 16 : 20}" text-anchor="middle" fill="#fff">${text}</text></svg>`;
    this.icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  }
}
