// @ts-check

import { Table } from "../components/layout.js";
import { Time } from "../components/values.js";
import { formatNumber } from "../format.js";
import { html, useState } from "../html.js";
import { PART_STATES } from "../wording.js";
import { describeReferences } from "./chosen_part.js";

/** @typedef {import("./part_squares.js").Shown} Shown */

/** The squares as a table. It is drawn when it is opened, because it may be long. @param {{shown: Shown[]}} props */
export function PartsTable({ shown }) {
  const [isOpen, setIsOpen] = useState(false);
  return html`
    <details class="parts-table" onToggle=${(/** @type {any} */ event) => setIsOpen(event.currentTarget.open)}>
      <summary>Show the parts as a table</summary>
      ${
        isOpen &&
        html`
          <${Table} caption="Parts" head=${["Part", "State", "References", "Leased until", "Error", "Made", "With the robot", "Delivered", "Ended"]}>
            ${shown.map(({ part, state }) => html`<${Row} key=${part.number} part=${part} state=${state} />`)}
          <//>
        `
      }
    </details>
  `;
}

/** @param {Shown} props */
function Row({ part, state }) {
  const times = [part.created_at, part.accepted_at, part.delivered_at, part.ended_at];
  return html`
    <tr>
      <td class="nowrap"><a class="target" href="/console/batches/${part.id}">Part ${formatNumber(part.number)}</a></td>
      <td class="nowrap"><span class="part swatch part-${state}"></span>${PART_STATES[state]?.label ?? state}</td>
      <td>${describeReferences(part)}</td>
      <td>${part.leased_until && html`<${Time} time=${part.leased_until} />`}</td>
      <td class="text">${part.error}</td>
      ${times.map((time) => html`<td>${time && html`<${Time} time=${time} />`}</td>`)}
    </tr>
  `;
}
