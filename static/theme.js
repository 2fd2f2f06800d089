// Light and dark: what the reader chose on this page goes before what the system says.
(function () {
  'use strict';
  var root = document.documentElement;
  var KEY = 'townline.theme';
  function kept() {
    try { return window.localStorage.getItem(KEY); } catch (blocked) { return null; }
  }
  function keep(theme) {
    try { window.localStorage.setItem(KEY, theme); } catch (blocked) { /* lasts for this page only */ }
  }
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === 'dark' : window.matchMedia('(prefers-color-scheme: dark)').matches;
  }
  function show() {
    document.querySelectorAll('[data-theme-switch]').forEach(function (button) {
      button.setAttribute('aria-pressed', String(isDark()));
    });
  }
  var chosen = kept();
  if (chosen === 'dark' || chosen === 'light') root.dataset.theme = chosen;
  document.addEventListener('DOMContentLoaded', show);
  document.addEventListener('click', function (event) {
    if (!event.target.closest('[data-theme-switch]')) return;
    root.dataset.theme = isDark() ? 'light' : 'dark';
    keep(root.dataset.theme);
    show();
  });
})();
