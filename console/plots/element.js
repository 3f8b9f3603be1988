// @ts-check
// Elements as plain objects, so that plots are pure functions that need no page.

/**
 * @typedef {{
 *   name: string,
 *   attributes: Record<string, string | number>,
 *   children: (PlotElement | string)[],
 * }} PlotElement
 */
/**
 * The function of `html.js`, or another one that makes elements from templates.
 * @typedef {(strings: TemplateStringsArray, ...values: any[]) => any} Html
 */

/**
 * Return an element. Attributes that are undefined are left out.
 * @param {string} name
 * @param {Record<string, string | number | undefined>} attributes
 * @param {...(PlotElement | string)} children
 * @returns {PlotElement}
 */
export function make(name, attributes, ...children) {
  /** @type {Record<string, string | number>} */
  const written = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) written[key] = typeof value === "number" ? round(value) : value;
  }
  return { name, attributes: written, children };
}

/**
 * Return the element as `html` makes it, for example as a node of Preact.
 * @param {Html} html
 * @param {PlotElement | string} element
 * @returns {any}
 */
export function toHtml(html, element) {
  if (typeof element === "string") return element;
  const children = element.children.map((child) => toHtml(html, child));
  return html`<${element.name} ...${element.attributes}>${children}</${element.name}>`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}
