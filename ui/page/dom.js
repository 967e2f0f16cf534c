// Elements as values, and the smallest change that makes the page show them: focus, scrolling and open details stay.
// Text always becomes a text node; there is no way to put markup in.

const svgSpace = "http://www.w3.org/2000/svg";
const shown = new WeakMap();

/** An element to show. `key` keeps its identity among its siblings; `onclick` and the like are functions; `false` leaves an attribute out. */
export function h(tag, props, ...children) {
  const { key, ...rest } = props ?? {};
  return {
    tag,
    key,
    props: rest,
    children: children.flat(Infinity).filter(child => child !== undefined && child !== null && child !== false),
  };
}

/** Makes a container show the children, and nothing else. */
export function show(container, ...children) {
  patchChildren(container, h("div", undefined, children).children);
}

function patchChildren(parent, children) {
  const keyed = new Map();
  const free = [];
  for (const node of parent.childNodes) {
    const key = shown.get(node)?.key;
    if (key === undefined) free.push(node);
    else keyed.set(key, node);
  }
  let next = parent.firstChild;
  for (const child of children) {
    const wanted = typeof child === "object" ? child : { text: String(child) };
    const old = wanted.key === undefined ? free.shift() : keyed.get(wanted.key);
    const node = old && fits(old, wanted) ? old : create(wanted, parent);
    keyed.delete(wanted.key);
    update(node, wanted);
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

function fits(node, wanted) {
  if (wanted.text !== undefined) return node.nodeType === Node.TEXT_NODE;
  return shown.get(node)?.tag === wanted.tag;
}

function create(wanted, parent) {
  if (wanted.text !== undefined) return document.createTextNode(wanted.text);
  const svg = wanted.tag === "svg" || parent.namespaceURI === svgSpace;
  return svg ? document.createElementNS(svgSpace, wanted.tag) : document.createElement(wanted.tag);
}

function update(node, wanted) {
  if (wanted.text !== undefined) {
    if (node.data !== wanted.text) node.data = wanted.text;
    return;
  }
  const before = shown.get(node)?.props ?? {};
  for (const [name, value] of Object.entries(wanted.props)) if (before[name] !== value) set(node, name, value);
  for (const name of Object.keys(before)) if (!(name in wanted.props)) set(node, name, undefined);
  shown.set(node, wanted);
  patchChildren(node, wanted.children);
}

function set(node, name, value) {
  if (name.startsWith("on")) node[name] = value ?? null;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}
