// @ts-check
// The labels that a batch added: how often each applies, and how its scores are distributed.

import { readLabelsOfBatch } from "../batches.js";
import { ErrorMessage } from "../components/feedback.js";
import { SelectField } from "../components/fields.js";
import { Section, Table } from "../components/layout.js";
import { Plot } from "../components/plot.js";
import { nameLabel } from "../compare/index.js";
import { formatNumber } from "../format.js";
import { html, useState } from "../html.js";
import { useAction } from "../load.js";
import { drawHistogram } from "../plots/index.js";

/** @typedef {{scheme: string, label: string, marks: Map<string, {value: boolean | null, score: number | null}>}} Label */

/** The file may be large, so it is read when the user asks for it. @param {{batch: import("../models.js").Batch}} props */
export function BatchLabels({ batch }) {
  const [labels, setLabels] = useState(/** @type {Label[] | null} */ (null));
  const { run, isRunning, error } = useAction(async () => {
    const labelling = await readLabelsOfBatch(batch);
    setLabels([...labelling.labels.values()].sort((one, other) => other.marks.size - one.marks.size));
  });
  return html`
    <${Section} title="Labels">
      <${ErrorMessage} error=${error} />
      ${!labels && html`<button type="button" disabled=${isRunning} onClick=${() => run()}>${isRunning ? "Reading ..." : "Show labels and scores"}</button>`}
      ${labels?.length === 0 && html`<p class="quiet">The batch added no labels.</p>`}
      ${labels && labels.length > 0 && html`<${Labels} labels=${labels} />`}
    <//>
  `;
}

/** @param {{labels: Label[]}} props */
function Labels({ labels }) {
  const [index, setIndex] = useState("0");
  const chosen = labels[Number(index)] ?? labels[0];
  const scores = (/** @type {Label | undefined} */ label) => [...(label?.marks.values() ?? [])].flatMap(({ score }) => (score === null ? [] : [score]));
  const count = (/** @type {Label} */ label, /** @type {boolean} */ value) => [...label.marks.values()].filter((mark) => mark.value === value).length;
  const shown = scores(chosen);
  return html`
    <${Table} caption="Labels, most frequent first" head=${["Label", "References", "Yes", "No", "With a score"]}>
      ${labels.map(
        (label) => html`
          <tr key=${nameLabel(label)}>
            <th scope="row" class="text">${nameLabel(label)}</th>
            <td class="number">${formatNumber(label.marks.size)}</td>
            <td class="number">${formatNumber(count(label, true))}</td>
            <td class="number">${formatNumber(count(label, false))}</td>
            <td class="number">${formatNumber(scores(label).length)}</td>
          </tr>
        `,
      )}
    <//>
    <${SelectField} label="Scores of" value=${index} options=${labels.map((label, place) => [String(place), nameLabel(label)])} onChange=${setIndex} />
    ${
      shown.length > 0 && chosen
        ? html`<${Plot} figure=${drawHistogram({ id: "plot-scores", title: `Scores of ${nameLabel(chosen)}`, description: "How many references have which score." }, { heading: "Score", counted: "References", values: shown })} />`
        : html`<p class="quiet">This label has no scores.</p>`
    }
  `;
}
