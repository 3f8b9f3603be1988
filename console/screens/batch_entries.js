// @ts-check
// The entries of a report, a page at a time, with the title of each reference.

import { BATCHES } from "../batches.js";
import { ErrorMessage, Loading } from "../components/feedback.js";
import { SelectField } from "../components/fields.js";
import { Section, Table } from "../components/layout.js";
import { ReferenceTitle } from "../components/reference_title.js";
import { html, useState } from "../html.js";
import { useApi, useLoad } from "../load.js";
import { useParameters } from "../router.js";
import { ENTRY_KINDS } from "../wording.js";

/** @typedef {import("../models.js").Entry} Entry */

const PAGE_SIZE = 25;

/** @param {{id: string}} props */
export function BatchEntries({ id }) {
  const api = useApi();
  const [parameters, setParameters] = useParameters();
  const kind = parameters.get("kind") ?? "";
  // The continuations of the pages before this one, so that one can go back.
  const [pages, setPages] = useState(/** @type {(string | null)[]} */ ([null]));
  const continuation = pages[pages.length - 1];
  const { data, error, isLoading, reload } = useLoad(
    (signal) => readPage(api, id, kind, continuation, signal),
    [api, id, kind, continuation],
  );
  const choose = (/** @type {string} */ value) => {
    setPages([null]);
    setParameters({ kind: value }, { replace: true });
  };
  const kinds = /** @type {[string, string][]} */ (Object.entries(ENTRY_KINDS).filter(([name]) => name !== "pending"));
  return html`
    <${Section} title="Entries">
      <${SelectField} label="What became of it" value=${kind} options=${[["", "all"], ...kinds]} onChange=${choose} />
      <${ErrorMessage} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} lines=${8} />`}
      ${data && !data.entries.length && html`<p class="quiet">There are no such entries.</p>`}
      ${
        data &&
        data.entries.length > 0 &&
        html`
          <${Table} caption="Entries of the report" isBusy=${isLoading} head=${["Line", "Reference", "What became of it", "Message"]}>
            ${data.entries.map((/** @type {Entry} */ entry, /** @type {number} */ index) => html`<${Row} key=${`${entry.line} ${entry.reference_id} ${index}`} entry=${entry} />`)}
          <//>
        `
      }
      ${
        (pages.length > 1 || data?.continuation) &&
        html`
          <nav class="pages" aria-label="Pages of entries">
            <button type="button" disabled=${pages.length === 1} onClick=${() => setPages(pages.slice(0, -1))}>Previous</button>
            <span class="quiet">Page ${pages.length}</span>
            <button type="button" disabled=${!data?.continuation || isLoading} onClick=${() => setPages([...pages, data?.continuation ?? null])}>Next</button>
          </nav>
        `
      }
    <//>
  `;
}

/**
 * Read a page. With a filter the API reads a bounded part of the report at once, so several calls may fill one page.
 *
 * @param {import("../api.js").Api} api
 * @param {string} id
 * @param {string} kind
 * @param {string | null} start
 * @param {AbortSignal} signal
 */
async function readPage(api, id, kind, start, signal) {
  /** @type {Entry[]} */
  const entries = [];
  let continuation = start;
  do {
    const page = /** @type {any} */ (
      await api.get(`${BATCHES}${id}/entries`, { kind, limit: PAGE_SIZE - entries.length, continuation }, signal)
    );
    entries.push(...page.entries);
    continuation = page.continuation;
  } while (continuation && entries.length < PAGE_SIZE);
  return { entries, continuation };
}

/** @param {{entry: Entry}} props */
function Row({ entry }) {
  return html`
    <tr>
      <td class="number">${entry.line ?? ""}</td>
      <td class="text">${entry.reference_id && html`<${ReferenceTitle} id=${entry.reference_id} />`}</td>
      <td>${ENTRY_KINDS[entry.kind] ?? entry.kind}</td>
      <td class="text">${entry.message}</td>
    </tr>
  `;
}
