// A field in which an agent tries her scripts; nothing of it is sent.

import { wordsOf } from '../chat/words.js';
import { attachScripts } from './scripts.js';

const textarea = document.querySelector('[data-try]');
if (textarea) {
  const { fields, chat } = JSON.parse(document.querySelector('#script-sample').textContent);
  attachScripts({ textarea, url: textarea.dataset.url, fields: () => fields, chat: () => chat, word: wordsOf(textarea) });
}
