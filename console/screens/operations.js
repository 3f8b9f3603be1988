// @ts-check
// What operators look at: health, open and overdue batches, dead letters, failed webhooks, and the runbook.

import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage, Loading, Note } from "../components/feedback.js";
import { numberHead, Screen, Section, Table } from "../components/layout.js";
import { RunbookLink } from "../components/runbook_link.js";
import { Age, CountsBar, RobotName } from "../components/values.js";
import { formatDuration, formatNumber } from "../format.js";
import { html } from "../html.js";
import { useApi, useInterval, useLoad, useRobots } from "../load.js";
import { RUNBOOK } from "../runbook.js";
import { DeadLetters } from "./dead_letters.js";
import { FailedDeliveries } from "./failed_deliveries.js";

const LIVE_S = 15;

export function OperationsScreen() {
  return html`
    <${Screen} title="Operations">
      <${Health} />
      <${Stats} />
      <${Overdue} />
      <${DeadLetters} />
      <${FailedDeliveries} />
      <${Runbook} />
    <//>
  `;
}

function Health() {
  const api = useApi();
  const { data, error, reload, poll } = useLoad((signal) => api.get("/health", {}, signal), [api]);
  useInterval(poll, LIVE_S);
  return html`
    <${ErrorMessage} error=${error} title="The exchange is not healthy" retry=${reload} />
    ${!data && !error && html`<${Loading} lines=${1} />`}
    ${data && !error && html`<${Note} tone="good"><p>Healthy: everything that the exchange depends on answers.</p><//>`}
  `;
}

function Stats() {
  const api = useApi();
  const { data, error, reload, poll } = useLoad((signal) => api.get("/operations/stats", {}, signal), [api]);
  useInterval(poll, LIVE_S);
  const letters = (data?.dead_letters ?? []).reduce((/** @type {number} */ sum, /** @type {any} */ row) => sum + (row.count ?? 0), 0);
  return html`
    <${Section} title="Open batches">
      <${ErrorMessage} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} lines=${5} />`}
      ${data?.unreachable.map((/** @type {any} */ part) => html`<${Note} key=${part.part} tone="mixed"><p>${part.part} cannot be read now: ${part.reason}</p><//>`)}
      ${
        data?.open_batch_requests &&
        html`
          <${Table} caption="Open batches by phase" head=${["Phase", numberHead("Batches"), "Oldest"]}>
            ${data.open_batch_requests.map(
              (/** @type {any} */ row) => html`
                <tr key=${row.phase}>
                  <td><a href="/console/batches?status=${row.request_status}">${row.phase}</a></td>
                  <td class="number">${formatNumber(row.count)}</td>
                  <td>${row.oldest_age_s === null || row.oldest_age_s === undefined ? "" : formatDuration(row.oldest_age_s)}</td>
                </tr>
              `,
            )}
          <//>
          <p>
            ${formatNumber(data.overdue ?? 0)} overdue,
            ${" "}${formatNumber(letters)} dead letters,
            ${" "}${formatNumber(data.failed_webhook_deliveries ?? 0)} failed deliveries to webhooks.
          </p>
        `
      }
      <${Commands} command=${writeCommand("ops", "stats")} call=${{ method: "GET", path: "/operations/stats" }} />
    <//>
  `;
}

function Overdue() {
  const api = useApi();
  const robots = useRobots();
  const { data, error, reload, poll } = useLoad((signal) => api.get("/operations/overdue", {}, signal), [api]);
  useInterval(poll, LIVE_S);
  return html`
    <${Section} title="Overdue batches">
      <${ErrorMessage} error=${error} retry=${reload} />
      ${data?.batch_requests.length === 0 && html`<p class="quiet">No batch is overdue.</p>`}
      ${
        data?.batch_requests.length > 0 &&
        html`
          <${Table} isStacked caption="Overdue batches, longest overdue first" head=${["Batch", "Phase", "Robot", "Enhanced", "Due", "Waits for"]}>
            ${data.batch_requests.map(
              (/** @type {any} */ batch) => html`
                <tr key=${batch.id}>
                  <td data-label="Batch">
                    <a class="id" href="/console/batches/${batch.id}">${batch.id.slice(0, 8)}</a>
                    ${batch.part_of && html`, a part of <a class="id" href="/console/batches/${batch.part_of}">${batch.part_of.slice(0, 8)}</a>`}
                  </td>
                  <td data-label="Phase">${batch.phase}</td>
                  <td data-label="Robot"><${RobotName} robots=${robots} id=${batch.robot_id} /></td>
                  <td data-label="Enhanced"><${CountsBar} counts=${batch.counts} /></td>
                  <td data-label="Due"><${Age} time=${batch.due_at} /></td>
                  <td class="text" data-label="Waits for">${batch.waiting_for ?? ""}</td>
                </tr>
              `,
            )}
          <//>
          ${data.truncated && html`<p class="quiet">There are more.</p>`}
          <p><${RunbookLink} alert="batch-overdue">What to do<//></p>
        `
      }
      <${Commands} command=${writeCommand("ops", "overdue")} call=${{ method: "GET", path: "/operations/overdue" }} />
    <//>
  `;
}

function Runbook() {
  return html`
    <${Section} title="Runbook">
      <p>What each alert means, and what to do about it.</p>
      ${Object.entries(RUNBOOK).map(
        ([alert, parts]) => html`
          <details key=${alert}>
            <summary><code>${alert}</code></summary>
            <dl id=${alert}>${parts.map(({ part, text }) => html`<div key=${part}><dt>${part}</dt><dd>${withCode(text)}</dd></div>`)}</dl>
          </details>
        `,
      )}
    <//>
  `;
}

/** Return the text with its parts between backticks as code. @param {string} text */
const withCode = (text) => text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));
