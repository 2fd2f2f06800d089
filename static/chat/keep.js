// Storage of our own origin. A browser may refuse it, in a frame above all: then things live in memory.

class Keep {
  constructor(name) {
    this.memory = new Map();
    this.blocked = false;
    try {
      this.storage = window[name];
      this.storage.setItem('townline.probe', '1');
      this.storage.removeItem('townline.probe');
    } catch (refused) {
      this.storage = null;
      this.blocked = true;
    }
  }

  get(key) {
    try {
      const text = this.storage ? this.storage.getItem(`townline.${key}`) : this.memory.get(key);
      return text ? JSON.parse(text) : null;
    } catch (damaged) {
      return null;
    }
  }

  set(key, value) {
    const text = JSON.stringify(value);
    try {
      if (this.storage) this.storage.setItem(`townline.${key}`, text);
      else this.memory.set(key, text);
    } catch (full) {
      this.memory.set(key, text);
    }
  }

  drop(key) {
    this.memory.delete(key);
    try {
      this.storage?.removeItem(`townline.${key}`);
    } catch (refused) { /* nothing was kept */ }
  }
}

export const forTab = new Keep('sessionStorage');
export const forBrowser = new Keep('localStorage');

const FORTNIGHT = 14 * 24 * 3600 * 1000;

/** The secret that says who comes back; it opens nothing, and is forgotten after 14 days. */
export const returning = {
  get() {
    const kept = forBrowser.get('returning');
    if (!kept || !(kept.until > Date.now())) {
      forBrowser.drop('returning');
      return undefined;
    }
    return kept.secret;
  },
  set(secret) {
    forBrowser.set('returning', { secret, until: Date.now() + FORTNIGHT });
  },
};

/** A random UUID v4, also where the page is not served over TLS. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
