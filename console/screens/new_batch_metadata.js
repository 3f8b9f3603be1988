// @ts-check

import { TextField } from "../components/fields.js";
import { html } from "../html.js";

const MAX_PAIRS = 16;

/** @param {[string, string][]} pairs */
export const readPairs = (pairs) => Object.fromEntries(pairs.filter(([name]) => name));

/** Names and values of the user's own. @param {{pairs: [string, string][], setPairs: (pairs: [string, string][]) => void}} props */
export function MetadataFields({ pairs, setPairs }) {
  const change = (/** @type {number} */ index, /** @type {[string, string]} */ pair) =>
    setPairs(pairs.map((other, position) => (position === index ? pair : other)));
  return html`
    <fieldset>
      <legend>Metadata (optional)</legend>
      ${pairs.map(
        ([name, value], index) => html`
          <div class="pair-fields" key=${index}>
            <${TextField} label="Name" value=${name} maxLength=${64} onChange=${(/** @type {string} */ text) => change(index, [text, value])} />
            <${TextField} label="Value" value=${value} maxLength=${512} onChange=${(/** @type {string} */ text) => change(index, [name, text])} />
            <button type="button" class="small" aria-label="Remove ${name || "this pair"}" onClick=${() => setPairs(pairs.filter((_, position) => position !== index))}>Remove</button>
          </div>
        `,
      )}
      <button type="button" class="small" disabled=${pairs.length >= MAX_PAIRS} onClick=${() => setPairs([...pairs, ["", ""]])}>Add metadata</button>
    </fieldset>
  `;
}
