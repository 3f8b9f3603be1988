// @ts-check
// The parts of a batch: a square for each with its state, the chosen one, and all of them as a table.

import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage, Loading } from "../components/feedback.js";
import { Section } from "../components/layout.js";
import { formatCount, formatNumber } from "../format.js";
import { html } from "../html.js";
import { useApi, useInterval, useLoad } from "../load.js";
import { estimateMissing, findState, PAGE_SIZE, readParts } from "../parts.js";
import { useParameters } from "../router.js";
import { hasEnded, PART_STATES } from "../wording.js";
import { ChosenPart } from "./chosen_part.js";
import { PartSquares } from "./part_squares.js";
import { PartsTable } from "./parts_table.js";

/** @typedef {import("../models.js").Part} Part */

const LIVE_S = 2;
// More parts take longer to read, and are read less often.
const FEW = 100;
const LIVE_MANY_S = 10;

/** @param {{batch: import("../models.js").Batch}} props `batch` is in parts. */
export function BatchParts({ batch }) {
  const api = useApi();
  const [parameters, setParameters] = useParameters();
  const chosen = Number(parameters.get("part")) || null;
  const { made, left } = batch.parts ?? { made: 0, left: 0 };
  const page = Math.floor((Math.min(Math.max(chosen ?? 1, 1), made || 1) - 1) / PAGE_SIZE);
  const isFinal = hasEnded(batch);
  const { data: parts, error, reload, poll } = useLoad((signal) => readParts(api, batch.id, page, signal), [api, batch.id, page, isFinal]);
  useInterval(poll, made > FEW ? LIVE_MANY_S : LIVE_S, !isFinal);
  const choose = (/** @type {number} */ number) => setParameters({ part: String(number) }, { replace: true });
  const now = Date.now();
  const shown = (parts ?? []).map((part) => ({ part, state: findState(part, now) }));
  const found = shown.find(({ part }) => part.number === chosen);
  const isLast = (page + 1) * PAGE_SIZE >= made;
  const unmade = isFinal ? 0 : left;
  const missing = isLast ? Math.min(estimateMissing(parts ?? [], unmade), PAGE_SIZE - shown.length) : 0;
  return html`
    <${Section} title="Parts">
      <p class="quiet">${describeAmount(batch.parts)}</p>
      <${ErrorMessage} error=${error} retry=${reload} />
      ${!parts && !error && html`<${Loading} lines=${4} />`}
      ${made > PAGE_SIZE && html`<${Pages} page=${page} made=${made} choose=${choose} />`}
      ${shown.length > 0 && html`<${PartSquares} shown=${shown} missing=${missing} chosen=${chosen} choose=${choose} />`}
      ${parts && html`<${Legend} states=${shown.map(({ state }) => state)} unmade=${isLast ? unmade : 0} />`}
      ${found && html`<${ChosenPart} part=${found.part} state=${found.state} />`}
      ${shown.length > 0 && html`<${PartsTable} shown=${shown} />`}
      <${Commands} command=${writeCommand("batches", "parts", batch.id)} />
    <//>
  `;
}

/** @param {import("../models.js").Batch["parts"]} parts */
function describeAmount(parts) {
  if (!parts?.made) return "No part is made yet.";
  const shown = parts.made > PAGE_SIZE ? ` ${formatNumber(PAGE_SIZE)} of them are shown at once.` : "";
  const open = parts.open ? `, and ${formatNumber(parts.open)} of them ${parts.open === 1 ? "has" : "have"} not ended` : ", and none of them is open";
  return `Each part is a job of its own. ${formatCount(parts.made, "part")} ${parts.made === 1 ? "is" : "are"} made${open}.${shown}`;
}

/** @param {{page: number, made: number, choose: (number: number) => void}} props */
function Pages({ page, made, choose }) {
  const first = page * PAGE_SIZE + 1;
  const last = Math.min(first + PAGE_SIZE - 1, made);
  return html`
    <nav class="pages" aria-label="Pages of parts">
      <button type="button" disabled=${page === 0} onClick=${() => choose(first - PAGE_SIZE)}>Previous</button>
      <span role="status">Parts ${formatNumber(first)} to ${formatNumber(last)} of ${formatNumber(made)}</span>
      <button type="button" disabled=${last >= made} onClick=${() => choose(last + 1)}>Next</button>
    </nav>
  `;
}

/** The states that occur, with their numbers of parts. @param {{states: string[], unmade: number}} props */
function Legend({ states, unmade }) {
  const rows = Object.entries(PART_STATES)
    .map(([state, { label }]) => ({ state, label, count: states.filter((other) => other === state).length }))
    .filter(({ count }) => count > 0);
  return html`
    <dl class="legend">
      ${rows.map(({ state, label, count }) => html`<div key=${state}><dt><span class="part swatch part-${state}"></span>${label}</dt><dd>${formatNumber(count)}</dd></div>`)}
      ${unmade > 0 && html`<div key="unmade"><dt><span class="part swatch part-unmade"></span>references in no part yet</dt><dd>${formatNumber(unmade)}</dd></div>`}
    </dl>
  `;
}
