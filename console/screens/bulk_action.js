// @ts-check
// Cancelling or retrying many batch requests: the numbers first, then the action, then what became of each.

import { listAllBatches, makeCancel, makeRetry, send } from "../batches.js";
import { Dialog } from "../components/dialog.js";
import { TextField } from "../components/fields.js";
import { Loading } from "../components/feedback.js";
import { formatCount } from "../format.js";
import { html, useState } from "../html.js";
import { useApi, useLoad } from "../load.js";
import { countNotEnhanced, hasEnded } from "../wording.js";

/** @typedef {import("../models.js").BatchSummary} BatchSummary */

const PARALLEL = 4;

/**
 * @param {object} props
 * @param {"cancel" | "retry"} props.action
 * @param {BatchSummary[] | null} props.batches The selected ones, or null for all that match `query`.
 * @param {import("../api.js").Query} props.query
 * @param {() => void} props.close
 */
export function BulkAction({ action, batches, query, close }) {
  const api = useApi();
  const found = useLoad(async (signal) => {
    const all = batches ?? (await collect(listAllBatches(api, query, signal)));
    return { all, eligible: all.filter(action === "cancel" ? (batch) => !hasEnded(batch) : mayRetry) };
  }, [api]);
  const [reason, setReason] = useState("");
  const [progress, setProgress] = useState(/** @type {{done: number, failures: string[]} | null} */ (null));
  const eligible = found.data?.eligible ?? [];
  const isDone = progress !== null && progress.done === eligible.length;

  const run = async () => {
    const failures = /** @type {string[]} */ ([]);
    let done = 0;
    setProgress({ done, failures });
    const waiting = [...eligible];
    const work = async () => {
      for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
        try {
          await send(api, action === "cancel" ? makeCancel(batch.id, reason) : makeRetry(batch.id, ""));
        } catch (error) {
          failures.push(`${batch.id.slice(0, 8)}: ${/** @type {Error} */ (error).message}`);
        }
        done += 1;
        setProgress({ done, failures });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  };
  const verb = action === "cancel" ? "Cancel" : "Retry";
  return html`
    <${Dialog}
      title=${`${verb} batches`}
      confirm=${`${verb} ${formatCount(eligible.length, "batch", "batches")}`}
      isDangerous=${action === "cancel"}
      isDone=${isDone}
      isRunning=${progress !== null && !isDone}
      isDisabled=${!eligible.length}
      error=${found.error}
      onConfirm=${run}
      onClose=${close}
    >
      ${!found.data && !found.error && html`<${Loading} lines=${3} />`}
      ${found.data && html`<${Numbers} action=${action} all=${found.data.all} eligible=${eligible} />`}
      ${action === "cancel" && !progress && html`<${TextField} label="Reason (optional)" maxLength=${256} value=${reason} onChange=${setReason} />`}
      ${
        progress &&
        html`
          <progress max=${eligible.length} value=${progress.done} aria-label="Progress"></progress>
          <p role="status">${progress.done - progress.failures.length} of ${eligible.length} done${progress.failures.length ? `, ${progress.failures.length} refused` : ""}.</p>
          ${progress.failures.length > 0 && html`<ul class="failures">${progress.failures.slice(0, 50).map((failure) => html`<li>${failure}</li>`)}</ul>`}
        `
      }
    <//>
  `;
}

/** @param {{action: "cancel" | "retry", all: BatchSummary[], eligible: BatchSummary[]}} props */
function Numbers({ action, all, eligible }) {
  const others = all.length - eligible.length;
  const count = action === "cancel" ? (/** @type {BatchSummary} */ batch) => batch.counts?.pending ?? batch.references : countNotEnhanced;
  const references = eligible.reduce((sum, batch) => sum + count(batch), 0);
  if (action === "cancel") {
    return html`
      <p><b>${formatCount(eligible.length, "batch", "batches")}</b> with <b>${formatCount(references, "pending reference")}</b> will be cancelled. What was added so far stays.</p>
      ${others > 0 && html`<p>${formatCount(others, "selected batch has", "selected batches have")} ended already and cannot be cancelled.</p>`}
    `;
  }
  return html`
    <p><b>${formatCount(references, "reference")}</b> that were not enhanced will be requested again, in <b>${formatCount(eligible.length, "new batch", "new batches")}</b> to the same robots.</p>
    ${others > 0 && html`<p>${formatCount(others, "selected batch", "selected batches")} cannot be retried: they still run, were retried already, or every reference was enhanced.</p>`}
  `;
}

/** @param {BatchSummary} batch */
const mayRetry = (batch) => hasEnded(batch) && countNotEnhanced(batch) > 0 && !batch.retried_as;

/** @template T @param {AsyncGenerator<T>} items @returns {Promise<T[]>} */
async function collect(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}
