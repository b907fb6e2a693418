/**
 * Makes `live` look like `next` with as few changes as possible, so that what is already on the screen keeps its
 * selection, its focus and its scroll position while a reply grows at the end. Takes nodes out of `next`.
 */
export function morphChildren(live: Node, next: Node): void {
  let current = live.firstChild;
  let wanted = next.firstChild;
  while (wanted !== null) {
    const following = wanted.nextSibling;
    if (current === null) {
      live.appendChild(wanted);
    } else if (isSameKind(current, wanted)) {
      morphNode(current, wanted);
      current = current.nextSibling;
    } else {
      const replaced = current;
      current = current.nextSibling;
      live.replaceChild(wanted, replaced);
    }
    wanted = following;
  }
  while (current !== null) {
    const extra = current;
    current = current.nextSibling;
    live.removeChild(extra);
  }
}

function isSameKind(one: Node, other: Node): boolean {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName;
}

function morphNode(live: Node, next: Node): void {
  if (live instanceof Text) {
    const wanted = next.nodeValue ?? "";
    if (live.data === wanted) return;
    // Appending leaves a selection within the text alone; setting it would not.
    if (wanted.startsWith(live.data)) live.appendData(wanted.slice(live.data.length));
    else live.data = wanted;
    return;
  }
  if (live instanceof Element && next instanceof Element) {
    morphAttributes(live, next);
    morphChildren(live, next);
  }
}

function morphAttributes(live: Element, next: Element): void {
  for (const { name, value } of next.attributes) {
    if (live.getAttribute(name) !== value) live.setAttribute(name, value);
  }
  for (const { name } of [...live.attributes]) {
    if (!next.hasAttribute(name)) live.removeAttribute(name);
  }
}
