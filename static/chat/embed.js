// The one line that a city's website carries:
//   <script src="https://…/static/chat/embed.js" data-department="utilities" defer></script>
// It adds a button and, when asked, a frame of our own origin. The host page learns
// that a chat runs and how many messages are new; it never gets the token or a word.
// Nothing here needs more of a strict host policy than this script and our frame.
(function () {
  'use strict';
  var script = document.currentScript;
  if (!script || window.townlineChat) return;
  window.townlineChat = true;

  var origin = new URL(script.src).origin;
  var KEY = 'townline.open';
  var NARROW = window.matchMedia('(max-width: 42rem)');
  var WORDS = {
    en: { label: 'Chat with us', title: 'Chat with the city' },
    es: { label: 'Chatee con nosotros', title: 'Chat con la ciudad' },
    fr: { label: 'Clavardez avec nous', title: 'Clavardage avec la ville' },
  };
  var words = WORDS[(document.documentElement.lang || 'en').slice(0, 2).toLowerCase()] || WORDS.en;
  var label = script.dataset.label || words.label;
  var titleOfFrame = script.dataset.title || words.title;

  var launcher = null;
  var caption = null;
  var note = null;
  var frame = null;
  var box = null;
  var isOpen = false;
  var isReady = false;
  var isRunning = false;
  var unread = 0;
  var wantsFocus = false;
  var pageTitle = document.title;
  var scrollBefore = '';

  // Whether the panel was open on the page before; nothing else is kept here.
  function kept() {
    try { return window.sessionStorage.getItem(KEY); } catch (blocked) { return null; }
  }
  function keep(value) {
    try {
      if (value) window.sessionStorage.setItem(KEY, value);
      else window.sessionStorage.removeItem(KEY);
    } catch (blocked) { /* the next page starts with the button */ }
  }

  function dress(element, styles) {
    Object.keys(styles).forEach(function (name) { element.style.setProperty(name, styles[name], 'important'); });
  }

  var FACE = {
    all: 'initial', position: 'fixed', 'z-index': '2147483000', right: '1.5rem', bottom: '1.5rem', display: 'inline-flex', 'align-items': 'center',
    gap: '.6rem', 'box-sizing': 'border-box', 'min-height': '3.25rem', 'max-width': 'calc(100vw - 2rem)', padding: '.4rem 1.4rem .4rem 1rem',
    border: '2px solid #fff', 'border-radius': '10px', background: '#0a3f4c', color: '#fff', cursor: 'pointer', 'text-align': 'left',
    font: '700 1rem/1.25 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
    'box-shadow': '0 2px 6px rgba(24,36,43,.2), 0 10px 28px rgba(24,36,43,.24)',
  };
  var MARK = 'M14 1.5l2.3 4 3-1.4-.4 4.3 4.6-.6-1.6 3.3 2.6 1.6-4.6 3.6H8.1l-4.6-3.6 2.6-1.6-1.6-3.3 4.6.6-.4-4.3 3 1.4z';
  var BROOK = 'M3 20.2c2-1.6 3.7-1.6 5.5 0s3.7 1.6 5.5 0 3.7-1.6 5.5 0 3.6 1.6 5.5 0M6.5 25c1.6-1.3 3.2-1.3 4.8 0s3.7 1.3 5.4 0 3.2-1.3 4.8 0';

  function mark() {
    var space = 'http://www.w3.org/2000/svg';
    var svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', '0 0 28 28');
    svg.setAttribute('width', '28');
    svg.setAttribute('height', '28');
    svg.setAttribute('aria-hidden', 'true');
    var leaf = document.createElementNS(space, 'path');
    leaf.setAttribute('d', MARK);
    leaf.setAttribute('fill', 'currentColor');
    var water = document.createElementNS(space, 'path');
    water.setAttribute('d', BROOK);
    water.setAttribute('fill', 'none');
    water.setAttribute('stroke', 'currentColor');
    water.setAttribute('stroke-width', '2.2');
    water.setAttribute('stroke-linecap', 'round');
    svg.append(leaf, water);
    return svg;
  }

  function buildLauncher() {
    launcher = document.createElement('button');
    launcher.type = 'button';
    launcher.setAttribute('aria-expanded', 'false');
    dress(launcher, FACE);
    caption = document.createElement('span');
    caption.textContent = label;
    note = document.createElement('span');
    note.hidden = true;
    dress(note, { display: 'none' });
    var text = document.createElement('span');
    dress(text, { display: 'grid' });
    text.append(caption, note);
    launcher.append(mark(), text);
    launcher.addEventListener('click', function () { open(true); });
    launcher.addEventListener('focus', ring);
    launcher.addEventListener('blur', ring);
    document.body.append(launcher);
  }

  function ring() {
    var shown = document.activeElement === launcher && launcher.matches(':focus-visible');
    dress(launcher, { outline: shown ? '3px solid #b1480f' : 'none', 'outline-offset': '3px' });
  }

  function buildFrame() {
    box = document.createElement('div');
    frame = document.createElement('iframe');
    var query = new URLSearchParams();
    if (script.dataset.department) query.set('department', script.dataset.department);
    if (script.dataset.language) query.set('language', script.dataset.language); // else that of the browser
    frame.src = origin + '/chat/widget/?' + query;
    frame.title = titleOfFrame;
    frame.allow = 'clipboard-write';
    frame.referrerPolicy = 'no-referrer';
    dress(frame, { display: 'block', width: '100%', height: '100%', border: '0', background: 'transparent', 'color-scheme': 'auto' });
    frame.addEventListener('load', function () { isReady = false; say('hello'); });
    box.append(frame);
    place();
    document.body.append(box);
  }

  function place() {
    if (!box) return;
    var common = { all: 'initial', position: 'fixed', 'z-index': '2147483001', 'box-sizing': 'border-box', overflow: 'hidden', background: '#fff', display: isOpen ? 'block' : 'none' };
    dress(box, common);
    dress(box, NARROW.matches
      ? { inset: '0', width: '100%', height: '100%', border: '0', 'border-radius': '0' }
      : { inset: 'auto 1.5rem 1.5rem auto', width: '24rem', height: 'min(40rem, calc(100vh - 3rem))', border: '1px solid #737f85', 'border-radius': '10px', 'box-shadow': '0 2px 6px rgba(24,36,43,.12), 0 10px 28px rgba(24,36,43,.2)' });
    holdPage();
  }

  /** Full screen: the page behind stands still. */
  function holdPage() {
    var root = document.documentElement;
    if (isOpen && NARROW.matches) {
      if (!root.dataset.townlineHeld) scrollBefore = root.style.overflow;
      root.dataset.townlineHeld = 'yes';
      root.style.overflow = 'hidden';
    } else if (root.dataset.townlineHeld) {
      delete root.dataset.townlineHeld;
      root.style.overflow = scrollBefore;
    }
  }

  function say(type, facts) {
    if (frame && frame.contentWindow) frame.contentWindow.postMessage(Object.assign({ townline: type }, facts), origin);
  }

  function open(focus) {
    if (!frame) buildFrame();
    isOpen = true;
    wantsFocus = focus;
    launcher.setAttribute('aria-expanded', 'true');
    dress(launcher, { display: 'none' });
    place();
    remember();
    if (focus) frame.focus();
    if (isReady) say('shown', { focus: focus });
    wantsFocus = focus && !isReady;
  }

  function close() {
    isOpen = false;
    launcher.setAttribute('aria-expanded', 'false');
    dress(launcher, { display: 'inline-flex' });
    place();
    say('hidden');
    remember();
    launcher.focus();
  }

  function stateIs(facts) {
    isRunning = facts.running === true;
    unread = Number.isInteger(facts.unread) && facts.unread > 0 ? facts.unread : 0;
    var words = unread && typeof facts.label === 'string' ? facts.label.slice(0, 60) : '';
    note.textContent = words;
    note.hidden = !words;
    dress(note, { display: words ? 'block' : 'none', font: '400 .875rem/1.3 inherit', 'font-weight': '400' });
    showTitle();
    remember();
  }

  /** The next page of this site starts as this one is left, while a chat runs. */
  function remember() {
    if (isRunning) keep(isOpen ? 'open' : 'small');
    else if (isReady) keep('');
  }

  function showTitle() {
    var plain = document.title.replace(/^\(\d+\) /, '');
    pageTitle = plain || pageTitle;
    document.title = unread ? '(' + unread + ') ' + pageTitle : pageTitle;
  }

  window.addEventListener('message', function (event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
    if (event.data.townline === 'ready') {
      isReady = true;
      if (isOpen) say('shown', { focus: wantsFocus });
      wantsFocus = false;
    }
    if (event.data.townline === 'close' && isOpen) close();
    if (event.data.townline === 'state') stateIs(event.data);
  });
  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape' && isOpen && !event.defaultPrevented) close();
  });
  NARROW.addEventListener('change', place);

  buildLauncher();
  document.querySelectorAll('[data-townline-open]').forEach(function (link) {
    link.addEventListener('click', function (event) {
      event.preventDefault();
      open(true);
    });
  });
  var before = kept();
  if (before === 'open') open(false);
  if (before === 'small') buildFrame();
})();
