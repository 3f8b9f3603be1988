// @ts-check
// What a batch request would do.

import { Facts } from "../components/layout.js";
import { ReferenceTitle } from "../components/reference_title.js";
import { formatNumber } from "../format.js";
import { html } from "../html.js";

/** @typedef {import("../identify.js").Identifier} Identifier */

const MAX_LOOKUP = 5_000;
const SHOWN = 5;

/**
 * Return the ids of references, and the identifiers that no reference has.
 *
 * @param {import("../api.js").Api} api
 * @param {{ids: string[], identifiers: Identifier[]}} found
 * @returns {Promise<{ids: string[], unknown: Identifier[]}>}
 */
export async function lookUp(api, { ids, identifiers }) {
  const all = new Set(ids);
  const unknown = /** @type {Identifier[]} */ ([]);
  for (let start = 0; start < identifiers.length; start += MAX_LOOKUP) {
    const part = identifiers.slice(start, start + MAX_LOOKUP);
    const answer = await api.call("POST", "/references/lookup", { body: { identifiers: part }, repeatable: true });
    for (const row of answer.references) {
      if (row.id) all.add(row.id);
      else unknown.push(row);
    }
  }
  return { ids: [...all], unknown };
}

/**
 * @param {{checked: {ids: string[], unknown: Identifier[], dryRun: {unknown: string[], skipped?: number | null}}, skipsEnhanced: boolean}} props
 */
export function Check({ checked: { ids, unknown, dryRun }, skipsEnhanced }) {
  const missing = [...dryRun.unknown, ...unknown.map(({ identifier_type: type, identifier }) => `${type} ${identifier}`)];
  const skipped = dryRun.skipped ?? null;
  return html`
    <${Facts}
      pairs=${[
        ["Known", formatNumber(ids.length)],
        ["Unknown", formatNumber(missing.length)],
        ["Enhanced already", skipped === null ? null : `${formatNumber(skipped)} by this version of the robot${skipsEnhanced ? ", which are left out" : ""}`],
      ]}
    />
    ${
      missing.length > 0 &&
      html`
        <details>
          <summary>Unknown, and left out: ${formatNumber(missing.length)}</summary>
          <ul>${missing.slice(0, 200).map((name) => html`<li key=${name}><code>${name}</code></li>`)}</ul>
          ${missing.length > 200 && html`<p class="quiet">and ${formatNumber(missing.length - 200)} more</p>`}
        </details>
      `
    }
    ${
      ids.length > 0 &&
      html`
        <h3>The first of them</h3>
        <ul>${ids.slice(0, SHOWN).map((id) => html`<li key=${id}><${ReferenceTitle} id=${id} /></li>`)}</ul>
      `
    }
  `;
}
