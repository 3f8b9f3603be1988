// @ts-check

import { Facts } from "../components/layout.js";
import { Time } from "../components/values.js";
import { formatCount, formatNumber } from "../format.js";
import { html } from "../html.js";
import { PART_STATES, REFERENCE_STATES } from "../wording.js";

/** @typedef {import("../models.js").Part} Part */

/** What is known of a part. @param {{part: Part, state: string}} props */
export function ChosenPart({ part, state }) {
  return html`
    <section class="chosen-part" aria-labelledby="chosen-part">
      <h3 id="chosen-part">Part ${formatNumber(part.number)}</h3>
      <${Facts}
        pairs=${[
          ["State", `${PART_STATES[state]?.label ?? state}. ${PART_STATES[state]?.about ?? ""}`],
          ["References", describeReferences(part)],
          ["Error", part.error],
          ["Leased until", part.leased_until && html`<${Time} time=${part.leased_until} />`],
          ["Made", html`<${Time} time=${part.created_at} />`],
          ["With the robot", part.accepted_at && html`<${Time} time=${part.accepted_at} />`],
          ["Delivered", part.delivered_at && html`<${Time} time=${part.delivered_at} />`],
          ["Ended", part.ended_at && html`<${Time} time=${part.ended_at} />`],
        ]}
      />
      <p><a href="/console/batches/${part.id}">The page of this part</a></p>
    </section>
  `;
}

/** Return the number of references and their states. Those of a replaced part are counted in another one. @param {Part} part */
export function describeReferences({ references, counts, returned }) {
  const states = Object.entries(REFERENCE_STATES).filter(([state]) => counts?.[/** @type {keyof typeof counts} */ (state)]);
  const words = states.map(([state, label]) => `${formatNumber(counts?.[/** @type {keyof typeof counts} */ (state)] ?? 0)} ${label}`);
  return returned || !words.length ? formatCount(references, "reference") : `${formatCount(references, "reference")}: ${words.join(", ")}`;
}
