// @ts-check

import { html } from "../html.js";

/** The content of an enhancement: labels as chips, texts as they are, and the rest as JSON. @param {{content: any}} props */
export function Content({ content }) {
  switch (content.enhancement_type) {
    case "annotation":
      return html`<ul class="chips">${content.annotations.map((/** @type {any} */ annotation, /** @type {number} */ index) => html`<li key=${index}><${Annotation} annotation=${annotation} /></li>`)}</ul>`;
    case "abstract":
      return html`<details><summary>Text</summary><p class="abstract" dir="auto">${content.abstract}</p></details>`;
    case "bibliographic":
      return html`<p><bdi>${content.title ?? "No title"}</bdi></p><${Json} content=${content} />`;
    default:
      return html`<${Json} content=${content} />`;
  }
}

/** @param {{annotation: any}} props */
function Annotation({ annotation: { scheme, label, value, score } }) {
  const isNegative = value === false;
  return html`
    <span class=${isNegative ? "chip" : "chip running"}>
      ${isNegative && html`<b>not </b>`}${label}${typeof score === "number" && html` <span class="score">${score.toFixed(2)}</span>`}
    </span>
    ${" "}<span class="quiet">${scheme}</span>
  `;
}

/** @param {{content: any}} props */
function Json({ content }) {
  return html`<details><summary>All fields</summary><pre tabindex="0">${JSON.stringify(content, null, 1)}</pre></details>`;
}
