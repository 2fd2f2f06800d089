// Tabs as the ARIA pattern has them: one stop, arrows move and open.

export class Tabs {
  constructor(list, onChange = () => {}) {
    this.tabs = [...list.querySelectorAll('[role="tab"]')];
    this.onChange = onChange;
    for (const tab of this.tabs) tab.addEventListener('click', () => this.open(tab));
    list.addEventListener('keydown', (event) => this.pressed(event));
  }

  get current() {
    return this.tabs.find((tab) => tab.getAttribute('aria-selected') === 'true');
  }

  open(chosen) {
    for (const tab of this.tabs) {
      tab.setAttribute('aria-selected', String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      const panel = tab.dataset.sharesPanel === undefined && document.getElementById(tab.getAttribute('aria-controls'));
      if (panel) panel.hidden = tab !== chosen;
    }
    this.onChange(chosen.dataset.tab);
  }

  openNamed(name) {
    const tab = this.tabs.find((each) => each.dataset.tab === name);
    if (tab) this.open(tab);
  }

  pressed(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -this.tabs.length, End: this.tabs.length }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = this.tabs.indexOf(this.current) + by;
    const next = Math.abs(by) === 1 ? (at + this.tabs.length) % this.tabs.length : Math.min(Math.max(at, 0), this.tabs.length - 1);
    this.open(this.tabs[next]);
    this.tabs[next].focus();
  }
}
