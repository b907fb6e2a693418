import createPurifier from "dompurify";

/** The only elements and attributes that a message can be made of. */
const allowedTags = [
  ...["p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "div", "span"],
  ...["ul", "ol", "li", "input", "table", "thead", "tbody", "tr", "th", "td"],
  ...["strong", "em", "del", "code", "pre", "kbd", "sub", "sup", "a", "button", "i"],
];
const allowedAttributes = [
  ...["class", "dir", "title", "role", "tabindex", "aria-label", "aria-hidden"],
  ...["type", "checked", "disabled", "start", "align"],
  ...["data-action", "data-href", "data-language", "data-file"],
];

/** The second line behind the renderer, which lets no HTML of a message through: what is not listed above is cut out. */
export function sanitize(html: string): DocumentFragment {
  return createPurifier.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: allowedAttributes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    KEEP_CONTENT: true,
  });
}
