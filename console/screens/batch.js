// @ts-check
// One batch request: what happened, what it waits for, what became of each reference, and what can be done now.

import { ApiError } from "../api.js";
import { BATCHES, readBatch } from "../batches.js";
import { Commands, Copyable, writeCommand } from "../components/command.js";
import { ErrorMessage, Loading, Note } from "../components/feedback.js";
import { Facts, Screen, Section } from "../components/layout.js";
import { CountsBar, CountsLegend, Metadata, RobotName, StatusChip } from "../components/values.js";
import { formatNumber } from "../format.js";
import { html, useState } from "../html.js";
import { useApi, useInterval, useLoad, useRobots } from "../load.js";
import { countNotEnhanced, ENTRY_KINDS, ERROR_CODES, hasEnded, STATUSES } from "../wording.js";
import { CancelDialog, RetryDialog } from "./batch_actions.js";
import { BatchEntries } from "./batch_entries.js";
import { BatchErrors } from "./batch_errors.js";
import { BatchLabels } from "./batch_labels.js";
import { BatchParts } from "./batch_parts.js";
import { Timeline } from "./batch_timeline.js";

/** @typedef {import("../models.js").Batch} Batch */

const LIVE_S = 2;

/** @param {{id: string}} props */
export function BatchScreen({ id }) {
  const api = useApi();
  const { data: batch, error, reload, poll } = useLoad((signal) => readBatch(api, id, signal), [api, id]);
  // An answer such as "there is no such batch" stays the same.
  const isFinal = error instanceof ApiError && error.status < 500;
  useInterval(poll, LIVE_S, batch === undefined ? error !== null && !isFinal : !hasEnded(batch));
  const [action, setAction] = useState(/** @type {"cancel" | "retry" | null} */ (null));
  const close = () => {
    setAction(null);
    reload();
  };
  const title = `${batch?.part_of ? "Part" : "Batch"} ${id.slice(0, 8)}`;
  if (!batch) {
    return html`
      <${Screen} title=${title}>
        ${error ? html`<${ErrorMessage} error=${error} retry=${reload} />` : html`<${Loading} lines=${12} />`}
      <//>
    `;
  }
  // The report is written at the end. Parts that end earlier count entries before that.
  const hasReport = batch.entries && hasEnded(batch);
  return html`
    <${Screen}
      title=${title}
      heading=${html`${title} <${StatusChip} status=${batch.request_status} />`}
      actions=${html`<${Actions} batch=${batch} setAction=${setAction} />`}
    >
      <${ErrorMessage} error=${error} title="The newest state could not be read" retry=${reload} />
      ${hasEnded(batch) && html`<p>${STATUSES[batch.request_status]?.about}</p>`}
      <${Notes} batch=${batch} />
      <div class="columns">
        <${Section} title="References">
          <${CountsBar} counts=${batch.counts} isLarge />
          ${batch.counts && html`<${CountsLegend} counts=${batch.counts} />`}
        <//>
        <${Section} title="What happened"><${Timeline} batch=${batch} /><//>
      </div>
      ${batch.parts && html`<${BatchParts} batch=${batch} />`}
      <${About} batch=${batch} />
      ${hasEnded(batch) && html`<${Downloads} batch=${batch} />`}
      ${batch.enhancements_url && html`<${BatchLabels} batch=${batch} />`}
      ${hasReport && html`<${BatchErrors} id=${id} entries=${batch.entries} />`}
      ${hasReport && html`<${BatchEntries} id=${id} />`}
      <${Commands}
        title="This page on the command line"
        command=${writeCommand("batches", hasEnded(batch) ? "show" : "watch", id)}
        call=${{ method: "GET", path: BATCHES + id }}
      />
      ${action === "cancel" && html`<${CancelDialog} batch=${batch} close=${close} />`}
      ${action === "retry" && html`<${RetryDialog} batch=${batch} close=${close} />`}
    <//>
  `;
}

/** @param {{batch: Batch, setAction: (action: "cancel" | "retry") => void}} props */
function Actions({ batch, setAction }) {
  // Only the whole batch can be cancelled or retried.
  if (batch.part_of) return null;
  const again = `/console/new?from=${batch.id}`;
  if (!hasEnded(batch)) {
    return html`<button type="button" class="danger" onClick=${() => setAction("cancel")}>Cancel ...</button>`;
  }
  return html`
    ${countNotEnhanced(batch) > 0 && !batch.retried_as && html`<button type="button" class="primary" onClick=${() => setAction("retry")}>Retry what was not enhanced ...</button>`}
    ${batch.enhancements_url && html`<a class="button" href="/console/compare?b=${batch.id}">Compare</a>`}
    <a class="button" href=${again}>Request again</a>
  `;
}

/** @param {{batch: Batch}} props */
function Notes({ batch }) {
  return html`
    ${batch.part_of && html`<${Note}><p>This is a part of <a href="/console/batches/${batch.part_of}">batch ${batch.part_of.slice(0, 8)}</a>. Cancelling and retrying is for the whole batch.</p><//>`}
    ${
      batch.error &&
      html`
        <div class="message bad">
          <p>${batch.error}</p>
          ${batch.error_code && !batch.part_of && html`<p class="quiet">${ERROR_CODES[batch.error_code]}</p>`}
        </div>
      `
    }
    ${batch.waiting_for && html`<${Note} tone="mixed"><p>${batch.waiting_for}</p><//>`}
    ${batch.test_run && html`<${Note}><p>This is a test run: the result is validated and reported, and nothing is added to the references.</p><//>`}
    ${batch.retry_of && html`<${Note}><p>It retries <a href="/console/batches/${batch.retry_of}">batch ${batch.retry_of.slice(0, 8)}</a>.</p><//>`}
    ${batch.retried_as && html`<${Note}><p>It was retried as <a href="/console/batches/${batch.retried_as}">batch ${batch.retried_as.slice(0, 8)}</a>.</p><//>`}
  `;
}

/** @param {{batch: Batch}} props */
function About({ batch }) {
  const robots = useRobots();
  const entries = batch.entries && Object.entries(ENTRY_KINDS).filter(([kind]) => batch.entries?.[kind]);
  return html`
    <${Section} title="About it">
      <${Facts}
        pairs=${[
          ["Id", html`<${Copyable} text=${batch.id} label="the id" isShort />`],
          ["Robot", html`<${RobotName} robots=${robots} id=${batch.robot_id} />`],
          ["Source", batch.source],
          ["Metadata", batch.metadata && html`<${Metadata} metadata=${batch.metadata} />`],
          ["Lines of the result", entries && `${formatNumber(batch.entries?.total ?? 0)}: ${entries.map(([kind, label]) => `${formatNumber(batch.entries?.[kind] ?? 0)} ${label}`).join(", ")}`],
          ["Trace", batch.trace_id && html`<${Copyable} text=${batch.trace_id} label="the trace id" isShort />`],
        ]}
      />
    <//>
  `;
}

/** @param {{batch: Batch}} props */
function Downloads({ batch }) {
  const files = [
    { url: batch.validation_result_file, name: "Report as text", about: "A sentence for each entry and each missing reference" },
    { url: batch.validation_result_url, name: "Report as JSON lines", about: "The same for programs" },
    { url: batch.enhancements_url, name: "Enhancements", about: "What this batch added, as JSON lines" },
  ].filter((file) => file.url);
  if (!files.length) return null;
  return html`
    <${Section} title="Files">
      <ul class="files">
        ${files.map(({ url, name, about }) => html`<li key=${name}><a href=${url} target="_blank" rel="noopener noreferrer">${name}</a> <span class="quiet">${about}</span></li>`)}
      </ul>
      <${Commands}
        title="Write the enhancements into a reference file (RIS, BibTeX, CSV, XLSX)"
        command=${writeCommand("batches", "export", batch.id, "tagged.ris", "--original", "library.ris", "--from", "loaded.jsonl")}
      />
    <//>
  `;
}
