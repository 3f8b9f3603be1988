// @ts-check

import { Commands, writeCommand } from "../components/command.js";
import { Dialog } from "../components/dialog.js";
import { CheckBox, TextField } from "../components/fields.js";
import { html, useState } from "../html.js";
import { useAction, useApi } from "../load.js";
import { JobFields, toSettings } from "./robot_jobs.js";

/** @param {{robot: any, save: (body: any) => Promise<void>, close: () => void}} props */
export function SettingsDialog({ robot, save, close }) {
  const [version, setVersion] = useState(robot.version ?? "");
  const [jobs, setJobs] = useState({ delivery: robot.delivery ?? "push", max_references: String(robot.max_references ?? "") });
  const { run, isRunning, error } = useAction(() => save({ version: version || null, ...toSettings(jobs) }));
  // The command leaves a setting as it is if it is not given.
  const options = [
    ...(version ? ["--version", version] : []),
    ...["--delivery", jobs.delivery],
    ...(jobs.max_references ? ["--max-references", jobs.max_references] : []),
  ];
  return html`
    <${Dialog} title="Change the settings" confirm="Save" isRunning=${isRunning} error=${error} onConfirm=${run} onClose=${close}>
      <${TextField} label="Version" hint="As in the robot's enhancements. Empty means unknown." value=${version} maxLength=${200} onChange=${setVersion} />
      <${JobFields} jobs=${jobs} setJobs=${setJobs} />
      <p class="quiet">Batches that are open stay as they are.</p>
      <${Commands} command=${writeCommand("robots", "update", robot.name, ...options)} />
    <//>
  `;
}

/** @param {{robot: any, show: (secret: string) => void, close: () => void}} props */
export function SecretDialog({ robot, show, close }) {
  const api = useApi();
  const [revokes, setRevokes] = useState(false);
  const { run, isRunning, error } = useAction(async () => {
    const made = await api.call("POST", `/robots/${robot.id}/secret/`, { query: revokes ? { revoke: true } : {} });
    show(made.client_secret);
    close();
  });
  return html`
    <${Dialog} title="Replace the secret" confirm="Replace the secret" isDangerous isRunning=${isRunning} error=${error} onConfirm=${run} onClose=${close}>
      <p>The robot needs the new secret. The old one works for another 24 hours.</p>
      <${CheckBox} label="End the old secret at once" hint="After a leak. The robot cannot deliver until it has the new one." isChecked=${revokes} onChange=${setRevokes} />
      <${Commands} command=${writeCommand("robots", "rotate-secret", robot.name, ...(revokes ? ["--revoke"] : []))} />
    <//>
  `;
}
