// @ts-check

import { Commands, writeCommand } from "../components/command.js";
import { Dialog } from "../components/dialog.js";
import { Empty, ErrorMessage, Loading } from "../components/feedback.js";
import { TextField } from "../components/fields.js";
import { Screen, Table } from "../components/layout.js";
import { SecretOnce } from "../components/secret.js";
import { html, useState } from "../html.js";
import { useAction, useApi, useLoad } from "../load.js";

export function WebhooksScreen() {
  const api = useApi();
  const { data, error, reload } = useLoad((signal) => api.get("/webhooks/", {}, signal), [api]);
  const [isAdding, setIsAdding] = useState(false);
  const [made, setMade] = useState(/** @type {any} */ (null));
  const added = (/** @type {any} */ webhook) => {
    setMade(webhook);
    setIsAdding(false);
    reload();
  };
  return html`
    <${Screen} title="Webhooks" actions=${html`<button type="button" class="primary" onClick=${() => setIsAdding(true)}>Add a webhook ...</button>`}>
      ${
        made &&
        html`
          <${SecretOnce} title="The webhook is added" values=${[["The secret for signatures", made.secret]]} close=${() => setMade(null)}>
            <p><a href="/console/webhooks/${made.id}">Test it</a>.</p>
          <//>
        `
      }
      <${ErrorMessage} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} lines=${6} />`}
      ${data?.webhooks.length === 0 && html`<${Empty} title="You have no webhooks"><p>A webhook tells a program of yours when one of your batches has ended.</p><//>`}
      ${
        data?.webhooks.length > 0 &&
        html`
          <${Table} caption="Your webhooks" head=${["Address", "Description", "State"]}>
            ${data.webhooks.map(
              (/** @type {any} */ webhook) => html`
                <tr key=${webhook.id}>
                  <td class="text"><a href="/console/webhooks/${webhook.id}">${webhook.url}</a></td>
                  <td class="text">${webhook.description}</td>
                  <td>${webhook.enabled ? html`<span class="chip good">enabled</span>` : html`<span class="chip bad">disabled</span> <span class="quiet">${webhook.disabled_reason}</span>`}</td>
                </tr>
              `,
            )}
          <//>
        `
      }
      <${Commands} command=${writeCommand("webhooks", "list")} call=${{ method: "GET", path: "/webhooks/" }} />
      ${isAdding && html`<${AddDialog} added=${added} close=${() => setIsAdding(false)} />`}
    <//>
  `;
}

/** @param {{added: (webhook: any) => void, close: () => void}} props */
function AddDialog({ added, close }) {
  const api = useApi();
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const body = { url, description };
  const { run, isRunning, error } = useAction(async () => added(await api.call("POST", "/webhooks/", { body })));
  return html`
    <${Dialog} title="Add a webhook" confirm="Add" isRunning=${isRunning} error=${error} onConfirm=${run} onClose=${close}>
      <${TextField} label="Address" hint="The exchange posts to it when one of your batches has ended." type="url" isRequired value=${url} onChange=${setUrl} />
      <${TextField} label="Description (optional)" value=${description} onChange=${setDescription} />
      <${Commands} command=${writeCommand("webhooks", "add", url || "https://example.org/hook")} call=${{ method: "POST", path: "/webhooks/", body }} />
    <//>
  `;
}
