// The error summary takes the focus, so that nobody has to look for it.
document.querySelector('[data-errors]')?.focus();
