// Answers before the queue: topics, one level at a time, and a person in one step from each of them.

/** `nodes` as the server lists them; what hangs on nothing, or on itself, is left out. */
export class Menu {
  /** `onPerson({ department, topic, label })`: somebody is wanted. */
  constructor({ page, onPerson }) {
    Object.assign(this, { page, onPerson });
    this.word = page.word;
    this.find = (selector) => page.find(selector);
    this.nodes = [];
    page.press('[data-menu-back]', () => this.back());
    page.press('[data-menu-person]', () => onPerson(this.about(this.path)));
  }

  get isOffered() {
    return this.nodes.some((node) => node.parent === null);
  }

  take({ nodes }) {
    this.nodes = nodes;
    this.path = [];
  }

  /** Show the place where the resident was, at first the topics. `takesFocus`: whether the heading gets it. */
  open(takesFocus) {
    this.page.screen('menu');
    this.draw();
    if (takesFocus) this.find('[data-menu-title]').focus();
  }

  labelOf(topic) {
    return this.nodes.find((node) => node.topic === topic)?.label;
  }

  get node() {
    return this.path.at(-1) ?? null;
  }

  draw() {
    const { node } = this;
    this.find('[data-menu-back]').hidden = !node;
    this.find('[data-menu-title]').textContent = node ? node.label : this.word('menuTitle');
    this.find('[data-menu-text]').replaceChildren(...paragraphs(node?.text));
    const children = this.nodes.filter((each) => each.parent === (node?.id ?? null) && !this.path.includes(each));
    const own = addressOf(node?.page) ? [this.pageItem({ ...node, label: this.word('readMore') })] : [];
    this.find('[data-menu-list]').replaceChildren(...own, ...children.map((child) => this.item(child)));
    this.find('[data-menu-list]').hidden = !own.length && !children.length;
    this.find('[data-menu-body]').scrollTop = 0;
  }

  item(node) {
    if (node.kind === 'form' && !node.text && addressOf(node.page)) return this.pageItem(node);
    const item = this.clone('[data-topic]', node.label);
    const button = item.querySelector('button');
    button.dataset.node = node.id;
    button.addEventListener('click', () => this.go(node));
    return item;
  }

  pageItem(node) {
    const item = this.clone('[data-topic-page]', node.label);
    item.querySelector('a').href = addressOf(node.page);
    return item;
  }

  clone(template, label) {
    const item = this.find(template).content.firstElementChild.cloneNode(true);
    item.querySelector('span').textContent = label;
    return item;
  }

  go(node) {
    if (node.kind === 'person') {
      this.onPerson(this.about([...this.path, node]));
      return;
    }
    this.path.push(node);
    this.draw();
    this.find('[data-menu-title]').focus();
  }

  /** One level up; the focus returns to where one came from. */
  back() {
    const from = this.path.pop();
    this.draw();
    const button = [...this.find('[data-menu-list]').querySelectorAll('[data-node]')].find((each) => each.dataset.node === String(from?.id));
    (button ?? this.find('[data-menu-title]')).focus();
  }

  /** What the way through the menu says about the chat: the last that names a department, or a topic; else its label is the topic. */
  about(path) {
    const last = (key) => path.map((node) => node[key]).filter(Boolean).at(-1);
    const named = path.filter((node) => node.kind !== 'person');
    const label = named.at(-1)?.label;
    return { department: last('department'), topic: last('topic') ?? label, label };
  }
}

function paragraphs(text) {
  const parts = (text ?? '').split(/\n{2,}/).filter((part) => part.trim());
  return parts.map((part) => Object.assign(document.createElement('p'), { textContent: part, className: 'w-answer' }));
}

/** A page of ours, or one over TLS; null for anything else. */
function addressOf(page) {
  try {
    const url = new URL(page || 'about:blank', window.location.href);
    return url.protocol === 'https:' || url.origin === window.location.origin ? url.href : null;
  } catch (noAddress) {
    return null;
  }
}
