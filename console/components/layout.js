// @ts-check
// The parts of which screens are made.

import { html, useEffect, useRef } from "../html.js";
import { useTitle } from "../load.js";

/**
 * A screen: its heading gets the focus when the screen appears, so that screen readers announce it.
 *
 * @param {{title: string, heading?: any, actions?: any, children?: any}} props
 */
export function Screen({ title, heading, actions, children }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  useTitle(title);
  useEffect(() => {
    ref.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, []);
  return html`
    <main class="screen">
      <header class="screen-head">
        <h1 ref=${ref} tabindex="-1">${heading ?? title}</h1>
        ${actions && html`<div class="actions">${actions}</div>`}
      </header>
      ${children}
    </main>
  `;
}

/** @param {{title: string, actions?: any, children?: any}} props */
export function Section({ title, actions, children }) {
  return html`
    <section class="panel">
      <header class="panel-head"><h2>${title}</h2>${actions && html`<div class="actions">${actions}</div>`}</header>
      ${children}
    </section>
  `;
}

/**
 * A table that scrolls sideways where the page is narrow. With `isStacked`, the cells of a row are below each other
 * there, and each has its `data-label` before it.
 *
 * @param {{caption: string, head: any[], children?: any, isBusy?: boolean, isStacked?: boolean}} props `caption` is for
 *   screen readers.
 */
export function Table({ caption, head, children, isBusy, isStacked }) {
  return html`
    <div class=${isStacked ? "table stacked" : "table"} role="region" aria-label=${caption} tabindex="0">
      <table aria-busy=${isBusy ? "true" : undefined}>
        <caption class="hidden">${caption}</caption>
        <thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
        <tbody>${children}</tbody>
      </table>
    </div>
  `;
}

/** The heading of a column of numbers. @param {any} text */
export const numberHead = (text) => html`<span class="number">${text}</span>`;

/**
 * Pairs of names and values. Those whose value is null or empty are left out.
 *
 * @param {{pairs: [string, any][]}} props
 */
export function Facts({ pairs }) {
  return html`
    <dl class="facts">
      ${pairs
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
  `;
}
