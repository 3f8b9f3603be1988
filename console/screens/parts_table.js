// @ts-check

import { Table } from "../components/layout.js";
import { Time } from "../components/values.js";
import { formatNumber } from "../format.js";
import { html, useState } from "../html.js";
import { PART_STATES } from "../wording.js";
import { describeReferences } from "./chosen_part.js";

/** @typedef {import("./part_squares.js").Shown} Shown */

/** @type {[string, (part: import("../models.js").Part) => string | null][]} */
const TIMES = [
  ["Made", (part) => part.created_at],
  ["With the robot", (part) => part.accepted_at],
  ["Delivered", (part) => part.delivered_at],
  ["Ended", (part) => part.ended_at],
];

/** The squares as a table. It is drawn when it is opened, because it may be long. @param {{shown: Shown[]}} props */
export function PartsTable({ shown }) {
  const [isOpen, setIsOpen] = useState(false);
  return html`
    <details class="parts-table" onToggle=${(/** @type {any} */ event) => setIsOpen(event.currentTarget.open)}>
      <summary>Show the parts as a table</summary>
      ${
        isOpen &&
        html`
          <${Table} isStacked caption="Parts" head=${["Part", "State", "References", "Leased until", "Error", ...TIMES.map(([name]) => name)]}>
            ${shown.map(({ part, state }) => html`<${Row} key=${part.number} part=${part} state=${state} />`)}
          <//>
        `
      }
    </details>
  `;
}

/** @param {Shown} props */
function Row({ part, state }) {
  return html`
    <tr>
      <td data-label="Part" class="nowrap"><a class="target" href="/console/batches/${part.id}">Part ${formatNumber(part.number)}</a></td>
      <td data-label="State" class="nowrap"><span class="part swatch part-${state}"></span>${PART_STATES[state]?.label ?? state}</td>
      <td data-label="References" class="text">${describeReferences(part)}</td>
      <td data-label="Leased until">${part.leased_until && html`<${Time} time=${part.leased_until} />`}</td>
      <td data-label="Error" class="text">${part.error}</td>
      ${TIMES.map(([name, find]) => html`<td data-label=${name}>${find(part) && html`<${Time} time=${find(part)} />`}</td>`)}
    </tr>
  `;
}
