// @ts-check

import { Commands, writeCommand } from "../components/command.js";
import { Dialog } from "../components/dialog.js";
import { ErrorMessage, Loading, Note } from "../components/feedback.js";
import { numberHead, Section, Table } from "../components/layout.js";
import { RunbookLink } from "../components/runbook_link.js";
import { Age } from "../components/values.js";
import { formatCount } from "../format.js";
import { html, useState } from "../html.js";
import { useAction, useApi, useLoad } from "../load.js";
import { toggleItem } from "../selection.js";

const PATH = "/operations/dead-letters";
/** The alert of each queue in the runbook. @type {Record<string, string>} */
const ALERTS = { dispatch: "dead-letter-queue", import: "dead-letter-queue", notify: "dead-letter-queue", blobs: "poison-queue", events: "event-dead-letters" };

/** Messages and events that nothing processes any more, and what sends them again. */
export function DeadLetters() {
  const api = useApi();
  const { data, error, reload, isLoading } = useLoad((signal) => api.get(PATH, {}, signal), [api]);
  const [isAsking, setIsAsking] = useState(false);
  const [selected, setSelected] = useState(/** @type {Set<string>} */ (new Set()));
  const [results, setResults] = useState(/** @type {any[]} */ ([]));
  const letters = /** @type {any[]} */ (data?.dead_letters ?? []);
  const chosen = letters.filter((letter) => selected.has(letter.id));
  const ids = (chosen.length ? chosen : letters).slice(0, 100).map((letter) => letter.id);
  const resend = useAction(async () => {
    const answer = await api.call("POST", `${PATH}/resend`, { body: { ids } });
    setResults(answer.results);
    setIsAsking(false);
    setSelected(new Set());
    reload();
  });
  const toggle = (/** @type {string} */ id) => setSelected(toggleItem(selected, id));
  const failures = results.filter((result) => result.error);
  return html`
    <${Section} title="Dead letters" actions=${html`<button type="button" class="small" disabled=${isLoading} onClick=${reload}>Read again</button>`}>
      <${ErrorMessage} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} lines=${3} />`}
      ${data?.unreachable.map((/** @type {any} */ part) => html`<${Note} key=${part.queue} tone="mixed"><p>${part.queue} cannot be read now: ${part.reason}</p><//>`)}
      ${
        results.length > 0 &&
        html`
          <${Note} tone=${failures.length ? "mixed" : "good"}>
            <p>${formatCount(results.length - failures.length, "dead letter")} resent.</p>
            ${failures.length > 0 && html`<ul>${failures.map((result) => html`<li key=${result.id}>${result.id}: ${result.error}</li>`)}</ul>`}
          <//>
        `
      }
      ${data && !letters.length && html`<p class="quiet">There are none.</p>`}
      ${
        letters.length > 0 &&
        html`
          <${Table} isStacked caption="Dead letters" head=${[html`<span class="hidden">Select</span>`, "Id", "Batch", "Since", numberHead("Attempts"), "Reason"]}>
            ${letters.map(
              (letter) => html`
                <tr key=${letter.id}>
                  <td><input type="checkbox" aria-label="Select ${letter.id}" checked=${selected.has(letter.id)} onChange=${() => toggle(letter.id)} /></td>
                  <td data-label="Id" class="text"><code>${letter.id}</code> <${RunbookLink} alert=${ALERTS[letter.queue]}>What it means<//></td>
                  <td data-label="Batch">${letter.batch_request_id && html`<a class="id" href="/console/batches/${letter.batch_request_id}">${letter.batch_request_id.slice(0, 8)}</a>`}</td>
                  <td data-label="Since">${letter.since && html`<${Age} time=${letter.since} />`}</td>
                  <td data-label="Attempts" class="number">${letter.attempts ?? ""}</td>
                  <td data-label="Reason" class="text">${letter.reason ?? ""}</td>
                </tr>
              `,
            )}
          <//>
          ${data.truncated && html`<p class="quiet">There are more.</p>`}
          <div class="actions">
            <button type="button" onClick=${() => setIsAsking(true)}>Resend ${chosen.length ? "the selected ones" : "all that are shown"} ...</button>
          </div>
        `
      }
      <${Commands} command=${writeCommand("ops", "dead-letters", "list")} call=${{ method: "GET", path: PATH }} />
      ${
        isAsking &&
        html`
          <${Dialog} title="Resend dead letters" confirm="Resend ${formatCount(ids.length, "dead letter")}" isRunning=${resend.isRunning} error=${resend.error} onConfirm=${resend.run} onClose=${() => setIsAsking(false)}>
            <p>Fix the cause first. Resending is idempotent: a batch that has ended or made progress does not change.</p>
            <${Commands} command=${writeCommand("ops", "dead-letters", "resend", ...ids.slice(0, 5))} call=${{ method: "POST", path: `${PATH}/resend`, body: { ids } }} />
          <//>
        `
      }
    <//>
  `;
}
