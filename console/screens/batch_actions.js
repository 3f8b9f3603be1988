// @ts-check
// Cancelling and retrying one batch request.

import { makeCancel, makeRetry, send } from "../batches.js";
import { Commands, writeCommand } from "../components/command.js";
import { Dialog } from "../components/dialog.js";
import { SelectField, TextField } from "../components/fields.js";
import { formatCount } from "../format.js";
import { html, useState } from "../html.js";
import { useAction, useApi, useRobots } from "../load.js";
import { navigate } from "../router.js";
import { countNotEnhanced } from "../wording.js";

/** @typedef {import("../models.js").Batch} Batch */

/** @param {{batch: Batch, close: () => void}} props */
export function CancelDialog({ batch, close }) {
  const api = useApi();
  const [reason, setReason] = useState("");
  const call = makeCancel(batch.id, reason);
  const { run, isRunning, error } = useAction(async () => {
    await send(api, call);
    close();
  });
  const pending = batch.counts?.pending ?? 0;
  return html`
    <${Dialog} title="Cancel the batch" confirm="Cancel the batch" isDangerous isRunning=${isRunning} error=${error} onConfirm=${run} onClose=${close}>
      <p>
        <b>${formatCount(pending, "reference")}</b> ${pending === 1 ? "is" : "are"} pending and will be cancelled.
        ${(batch.counts?.enhanced ?? 0) > 0 && html` What was added to ${formatCount(batch.counts?.enhanced ?? 0, "reference")} stays.`}
        ${" "}A result that the robot delivers later is ignored.
      </p>
      <${TextField} label="Reason (optional)" maxLength=${256} value=${reason} onChange=${setReason} />
      <${Commands} command=${writeCommand("batches", "cancel", batch.id, ...(reason ? ["--reason", reason] : []))} call=${call} />
    <//>
  `;
}

/** @param {{batch: Batch, close: () => void}} props */
export function RetryDialog({ batch, close }) {
  const api = useApi();
  const robots = useRobots();
  const [robotId, setRobotId] = useState("");
  const call = makeRetry(batch.id, robotId);
  const { run, isRunning, error } = useAction(async () => {
    const retried = await send(api, call);
    navigate(`/console/batches/${retried.id}`);
  });
  const options = [...(robots?.values() ?? [])]
    .filter((robot) => robot.id !== batch.robot_id && robot.enabled !== false)
    .map((robot) => [robot.id, robot.name]);
  return html`
    <${Dialog} title="Retry what was not enhanced" confirm="Retry" isRunning=${isRunning} error=${error} onConfirm=${run} onClose=${close}>
      <p>
        A new batch requests the <b>${formatCount(countNotEnhanced(batch), "reference")}</b> that
        ${countNotEnhanced(batch) === 1 ? " was" : " were"} not enhanced.
      </p>
      <${SelectField} label="Robot" value=${robotId} options=${[["", "the same robot"], ...options]} onChange=${setRobotId} />
      <${Commands} command=${writeCommand("batches", "retry", batch.id, ...(robotId ? ["--robot", robots?.get(robotId)?.name ?? robotId] : []))} call=${call} />
    <//>
  `;
}
