// @ts-check

import { BATCHES } from "../batches.js";
import { ErrorMessage, Loading } from "../components/feedback.js";
import { Section, Table } from "../components/layout.js";
import { formatNumber } from "../format.js";
import { html } from "../html.js";
import { useApi, useLoad } from "../load.js";
import { ENTRY_KINDS } from "../wording.js";

const NOT_SHOWN = new Set(["added", "pending", "total"]);

/**
 * The messages of the report, most frequent first, with a few of their references.
 *
 * @param {{id: string, entries: Record<string, number>}} props
 */
export function BatchErrors({ id, entries }) {
  const api = useApi();
  const { data, error, reload } = useLoad(
    (signal) => api.get(`${BATCHES}${id}/errors`, {}, signal),
    [api, id, JSON.stringify(entries)],
  );
  const count = Object.entries(entries).reduce((sum, [kind, number]) => (NOT_SHOWN.has(kind) ? sum : sum + number), 0);
  if (!count && !data?.errors.length) return null;
  return html`
    <${Section} title="Errors by message">
      <${ErrorMessage} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} lines=${4} />`}
      ${
        data &&
        html`
          <${Table} caption="Errors by message" head=${["Count", "Kind", "Message", "Examples"]}>
            ${data.errors.map(
              (/** @type {any} */ row) => html`
                <tr key=${row.kind + row.message}>
                  <td class="number">${formatNumber(row.count)}</td>
                  <td>${ENTRY_KINDS[row.kind] ?? row.kind}</td>
                  <td class="text">${row.message}</td>
                  <td>${row.examples.map((/** @type {string} */ example) => html`<a key=${example} class="id" href="/console/references/${example}">${example.slice(0, 8)}</a> `)}</td>
                </tr>
              `,
            )}
          <//>
          ${data.truncated && html`<p class="quiet">There are more messages. The report has all of them.</p>`}
        `
      }
    <//>
  `;
}
