// @ts-check

import { Plot } from "../components/plot.js";
import { Facts, numberHead, Section, Table } from "../components/layout.js";
import { ReferenceTitle } from "../components/reference_title.js";
import { DEFINITIONS, listLabelNotes, listNotes, nameLabels } from "../compare/index.js";
import { formatNumber, formatStatistic } from "../format.js";
import { html } from "../html.js";
import { drawIntervals } from "../plots/index.js";

/** @typedef {import("../compare/comparison.js").Comparison} Comparison */
/** @typedef {import("../compare/comparison.js").LabelComparison} LabelComparison */
/** @typedef {import("../compare/statistics.js").Estimate} Estimate */

const COLUMNS = ["agreement", "kappa", "precision", "recall", "f1", "prevalence_a", "prevalence_b"];
const SHOWN = 50;

/** @param {{result: Comparison}} props */
export function CompareResult({ result }) {
  const names = nameLabels(result);
  return html`
    <${Section} title=${`${result.b.name} against ${result.a.name}`}>
      <ul>${listNotes(result).map((note) => html`<li key=${note}>${note}</li>`)}</ul>
      <${Table} caption="Statistics of each label" head=${["Label", numberHead("References"), ...COLUMNS.map((name) => numberHead(DEFINITIONS[name].title))]}>
        ${result.labels.map(
          (label, index) => html`
            <tr key=${names[index]}>
              <th scope="row">${names[index]}</th>
              <td class="number">${formatNumber(countReferences(label))}</td>
              ${COLUMNS.map((name) => html`<td key=${name} class="number"><${Value} estimate=${label.estimates[name]} /></td>`)}
            </tr>
          `,
        )}
      <//>
      <details>
        <summary>What the statistics mean</summary>
        <${Facts} pairs=${COLUMNS.map((name) => [DEFINITIONS[name].title, DEFINITIONS[name].text])} />
      </details>
      <div class="columns">
        ${["agreement", "kappa"].map(
          (name) => html`
            <${Plot}
              key=${name}
              figure=${drawIntervals(
                { id: `plot-${name}`, title: DEFINITIONS[name].title, description: "The estimate and the 95% interval of each label." },
                { heading: "Label", statistic: DEFINITIONS[name].title, rows: result.labels.map((label, index) => ({ name: names[index], estimate: label.estimates[name] })) },
              )}
            />
          `,
        )}
      </div>
    <//>
    ${result.labels.map((label, index) => html`<${Label} key=${names[index]} name=${names[index]} label=${label} result=${result} />`)}
  `;
}

/** @param {LabelComparison} label */
export const countReferences = ({ table }) => table.true_positives + table.false_positives + table.false_negatives + table.true_negatives;

/** @param {{estimate: Estimate}} props */
function Value({ estimate: { value, low, high } }) {
  if (value === null) return html`<span class="quiet">not defined</span>`;
  const interval = low === null || high === null ? "" : `${formatStatistic(low)} to ${formatStatistic(high)}`;
  return html`<span>${formatStatistic(value)}</span><br /><span class="quiet">${interval}</span>`;
}

/** @param {{name: string, label: LabelComparison, result: Comparison}} props */
function Label({ name, label, result }) {
  const { table, disagreements } = label;
  return html`
    <${Section} title=${name}>
      ${listLabelNotes(label, result).map((note) => html`<p key=${note} class="quiet">${note}</p>`)}
      <${Table} caption="Confusion table of ${name}" head=${[html`<span class="hidden">Decision of A</span>`, numberHead(`${result.b.name}: yes`), numberHead(`${result.b.name}: no`)]}>
        <tr><th scope="row">${result.a.name}: yes</th><td class="number">${formatNumber(table.true_positives)}</td><td class="number">${formatNumber(table.false_negatives)}</td></tr>
        <tr><th scope="row">${result.a.name}: no</th><td class="number">${formatNumber(table.false_positives)}</td><td class="number">${formatNumber(table.true_negatives)}</td></tr>
      <//>
      <details>
        <summary>${formatNumber(disagreements.length)} disagreements</summary>
        ${
          disagreements.length > 0 &&
          html`
            <${Table} caption="Disagreements on ${name}" head=${["Reference", result.a.name, result.b.name]}>
              ${disagreements.slice(0, SHOWN).map(
                ({ key, a, b }) => html`
                  <tr key=${key}>
                    <td class="text"><${ReferenceTitle} id=${key} /></td>
                    <td>${describe(a)}</td>
                    <td>${describe(b)}</td>
                  </tr>
                `,
              )}
            <//>
          `
        }
        ${disagreements.length > SHOWN && html`<p class="quiet">The first ${SHOWN} are shown. The command line lists all of them.</p>`}
      </details>
    <//>
  `;
}

/** @param {import("../compare/labelling.js").Decision | null} decision */
function describe(decision) {
  if (!decision) return "no label";
  return `${decision.value ? "yes" : "no"}${decision.score === null ? "" : ` (${decision.score.toFixed(2)})`}`;
}
