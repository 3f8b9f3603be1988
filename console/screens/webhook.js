// @ts-check
// One webhook and its deliveries.

import { Commands, writeCommand } from "../components/command.js";
import { Dialog } from "../components/dialog.js";
import { ErrorMessage, Loading } from "../components/feedback.js";
import { Facts, numberHead, Screen, Section, Table } from "../components/layout.js";
import { SecretOnce } from "../components/secret.js";
import { Age, Time } from "../components/values.js";
import { html, useEffect, useState } from "../html.js";
import { useAction, useApi, useInterval, useLoad } from "../load.js";
import { navigate } from "../router.js";

const LIVE_S = 3;
/** @type {Record<string, string>} */
const TONES = { pending: "running", delivered: "good", failed: "bad" };

/** @param {{id: string}} props */
export function WebhookScreen({ id }) {
  const api = useApi();
  const path = `/webhooks/${id}/`;
  const webhook = useLoad((signal) => api.get(path, {}, signal), [api, id]);
  const deliveries = useLoad((signal) => api.get(`/webhooks/${id}/deliveries`, {}, signal), [api, id]);
  useInterval(deliveries.poll, LIVE_S, deliveries.data?.deliveries.some((/** @type {any} */ delivery) => delivery.state === "pending") ?? false);
  const failures = deliveries.data?.deliveries.filter((/** @type {any} */ delivery) => delivery.state === "failed").length ?? 0;
  useEffect(() => {
    // A failure may have disabled the webhook.
    if (failures) webhook.reload();
  }, [failures]);
  const [secret, setSecret] = useState(/** @type {string | null} */ (null));
  const [dialog, setDialog] = useState(/** @type {"secret" | "remove" | null} */ (null));
  const close = () => setDialog(null);
  const test = useAction(async () => {
    await api.call("POST", `/webhooks/${id}/test`);
    deliveries.reload();
  });
  const toggle = useAction(async () => {
    await api.call("PATCH", path, { body: { enabled: !webhook.data.enabled }, repeatable: true });
    webhook.reload();
  });
  const replace = useAction(async () => {
    setSecret((await api.call("POST", `/webhooks/${id}/secret/`)).secret);
    close();
  });
  const remove = useAction(async () => {
    await api.call("DELETE", path);
    navigate("/console/webhooks");
  });
  const { data } = webhook;
  return html`
    <${Screen}
      title="Webhook"
      actions=${data && html`<button type="button" class="primary" disabled=${test.isRunning || !data.enabled} onClick=${() => test.run()}>Send a test</button>`}
    >
      <${ErrorMessage} error=${webhook.error ?? test.error ?? toggle.error} />
      ${secret && html`<${SecretOnce} title="The new secret" values=${[["The secret for signatures", secret]]} close=${() => setSecret(null)}><p>The old one also signs for 24 hours.</p><//>`}
      ${!data && !webhook.error && html`<${Loading} lines=${8} />`}
      ${
        data &&
        html`
          <${Section} title="About it">
            <${Facts}
              pairs=${[
                ["Address", data.url],
                ["Description", data.description],
                ["Events", data.events.join(", ")],
                ["State", data.enabled ? "enabled" : `disabled${data.disabled_reason ? `: ${data.disabled_reason}` : ""}`],
                ["Added", html`<${Time} time=${data.created_at} />`],
              ]}
            />
            <div class="actions">
              <button type="button" disabled=${toggle.isRunning} onClick=${() => toggle.run()}>${data.enabled ? "Disable" : "Enable"}</button>
              <button type="button" onClick=${() => setDialog("secret")}>Replace the secret ...</button>
              <button type="button" class="danger" onClick=${() => setDialog("remove")}>Remove ...</button>
            </div>
          <//>
        `
      }
      <${Deliveries} id=${id} deliveries=${deliveries} />
      <${Commands} command=${writeCommand("webhooks", "deliveries", id)} call=${{ method: "GET", path: `/webhooks/${id}/deliveries` }} />
      ${
        dialog === "secret" &&
        html`<${Dialog} title="Replace the secret" confirm="Replace the secret" isDangerous isRunning=${replace.isRunning} error=${replace.error} onConfirm=${replace.run} onClose=${close}>
          <p>For 24 hours each event is signed with both secrets.</p>
        <//>`
      }
      ${
        dialog === "remove" &&
        html`<${Dialog} title="Remove the webhook" confirm="Remove" isDangerous isRunning=${remove.isRunning} error=${remove.error} onConfirm=${remove.run} onClose=${close}>
          <p>Its address gets no more events, and its deliveries are forgotten.</p>
        <//>`
      }
    <//>
  `;
}

/** @param {{id: string, deliveries: {data: any, error: Error | null, reload: () => void}}} props */
function Deliveries({ id, deliveries: { data, error, reload } }) {
  const api = useApi();
  const redeliver = useAction(async (/** @type {string} */ delivery) => {
    await api.call("POST", `/webhooks/${id}/deliveries/${delivery}/redeliver`);
    reload();
  });
  return html`
    <${Section} title="Deliveries, latest first">
      <${ErrorMessage} error=${error ?? redeliver.error} />
      ${data?.deliveries.length === 0 && html`<p class="quiet">There are none yet. Send a test.</p>`}
      ${
        data?.deliveries.length > 0 &&
        html`
          <${Table} caption="Deliveries" head=${["State", "Event", "Batch", numberHead("Attempts"), "Answer", "Created", html`<span class="hidden">Action</span>`]}>
            ${data.deliveries.map(
              (/** @type {any} */ delivery) => html`
                <tr key=${delivery.id}>
                  <td><span class="chip ${TONES[delivery.state]}">${delivery.state}</span></td>
                  <td>${delivery.event}</td>
                  <td>${delivery.batch_request_id && html`<a class="id" href="/console/batches/${delivery.batch_request_id}">${delivery.batch_request_id.slice(0, 8)}</a>`}</td>
                  <td class="number">${delivery.attempt}</td>
                  <td class="text">
                    ${delivery.reason ?? delivery.http_status ?? ""}
                    ${delivery.next_attempt_at && html` <span class="quiet">next attempt <${Time} time=${delivery.next_attempt_at} /></span>`}
                  </td>
                  <td><${Age} time=${delivery.created_at} /></td>
                  <td><button type="button" class="small" disabled=${redeliver.isRunning} onClick=${() => redeliver.run(delivery.id)}>Redeliver</button></td>
                </tr>
              `,
            )}
          <//>
        `
      }
    <//>
  `;
}
