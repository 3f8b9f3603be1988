// @ts-check

import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage, Loading } from "../components/feedback.js";
import { numberHead, Section, Table } from "../components/layout.js";
import { RunbookLink } from "../components/runbook_link.js";
import { Age } from "../components/values.js";
import { html } from "../html.js";
import { useAction, useApi, useLoad } from "../load.js";

const PATH = "/operations/webhook-deliveries";

/** Deliveries to webhooks of all users that failed for good. */
export function FailedDeliveries() {
  const api = useApi();
  const { data, error, reload } = useLoad((signal) => api.get(PATH, {}, signal), [api]);
  const redeliver = useAction(async (/** @type {any} */ delivery) => {
    await api.call("POST", `/webhooks/${delivery.webhook_id}/deliveries/${delivery.id}/redeliver`);
    reload();
  });
  return html`
    <${Section} title="Failed deliveries to webhooks">
      <${ErrorMessage} error=${error ?? redeliver.error} retry=${error ? reload : undefined} />
      ${!data && !error && html`<${Loading} lines=${3} />`}
      ${data?.deliveries.length === 0 && html`<p class="quiet">There are none.</p>`}
      ${
        data?.deliveries.length > 0 &&
        html`
          <${Table} isStacked caption="Failed deliveries, latest first" head=${["Created", "Host", "Event", "Batch", numberHead("Attempts"), "Reason", html`<span class="hidden">Action</span>`]}>
            ${data.deliveries.map(
              (/** @type {any} */ delivery) => html`
                <tr key=${delivery.id}>
                  <td data-label="Created"><${Age} time=${delivery.created_at} /></td>
                  <td data-label="Host" class="text">${delivery.url_host ?? "deleted webhook"}</td>
                  <td data-label="Event">${delivery.event}</td>
                  <td data-label="Batch">${delivery.batch_request_id && html`<a class="id" href="/console/batches/${delivery.batch_request_id}">${delivery.batch_request_id.slice(0, 8)}</a>`}</td>
                  <td data-label="Attempts" class="number">${delivery.attempts}</td>
                  <td data-label="Reason" class="text">${delivery.reason ?? ""}</td>
                  <td><button type="button" class="small" disabled=${redeliver.isRunning || !delivery.url_host} onClick=${() => redeliver.run(delivery)}>Redeliver</button></td>
                </tr>
              `,
            )}
          <//>
          ${data.truncated && html`<p class="quiet">There are more.</p>`}
          <p><${RunbookLink} alert="webhook-failing">What to do<//></p>
        `
      }
      <${Commands} command=${writeCommand("ops", "failed-webhooks")} call=${{ method: "GET", path: PATH }} />
    <//>
  `;
}
