// @ts-check
// One robot: what it does and needs, how it did lately, and its settings.

import { Commands, Copyable, writeCommand } from "../components/command.js";
import { ErrorMessage, Loading } from "../components/feedback.js";
import { Facts, Screen, Section } from "../components/layout.js";
import { SecretOnce } from "../components/secret.js";
import { html, useState } from "../html.js";
import { forgetRobots, useAction, useApi, useHasRole, useLoad } from "../load.js";
import { RobotForm } from "./robot_form.js";
import { findAddress } from "./robot_jobs.js";
import { RobotPlots } from "./robot_plots.js";
import { SecretDialog, SettingsDialog } from "./robot_settings.js";
import { describeActivity, describeRobot } from "./robot_summary.js";

/** @param {{id: string}} props */
export function RobotScreen({ id }) {
  const api = useApi();
  const isOperator = useHasRole("operator");
  const robot = useLoad((signal) => api.get(`/robots/${id}/`, {}, signal), [api, id]);
  const activity = useLoad((signal) => api.get(`/robots/${id}/activity`, {}, signal), [api, id]);
  const [dialog, setDialog] = useState(/** @type {"edit" | "settings" | "secret" | null} */ (null));
  const [secret, setSecret] = useState(/** @type {string | null} */ (null));
  const close = () => setDialog(null);
  const change = async (/** @type {"PATCH" | "PUT"} */ method, /** @type {any} */ body) => {
    await api.call(method, `/robots/${id}/`, { body, repeatable: true });
    forgetRobots();
    robot.reload();
    close();
  };
  const enable = useAction(() => change("PATCH", { enabled: robot.data.enabled === false }));
  if (!robot.data) {
    return html`
      <${Screen} title="Robot">
        ${robot.error ? html`<${ErrorMessage} error=${robot.error} retry=${robot.reload} />` : html`<${Loading} lines=${10} />`}
      <//>
    `;
  }
  const { name, enabled } = robot.data;
  return html`
    <${Screen}
      title=${name}
      heading=${html`<bdi>${name}</bdi> ${enabled === false && html`<span class="chip mixed">disabled</span>`}`}
      actions=${html`<a class="button primary" href="/console/new?robot=${id}">Request a batch</a>`}
    >
      ${secret && html`<${SecretOnce} title="The new secret" values=${[["ROBOT_SECRET", secret]]} close=${() => setSecret(null)} />`}
      <${Section} title="About it">
        <${Facts} pairs=${[...describeRobot(robot.data), ["Address", findAddress(robot.data)], ["Id", html`<${Copyable} text=${id} label="the id" isShort />`]]} />
        ${
          isOperator &&
          html`
            <div class="actions">
              <button type="button" disabled=${enable.isRunning} onClick=${() => enable.run()}>${enabled === false ? "Enable" : "Disable"}</button>
              <button type="button" onClick=${() => setDialog("settings")}>Change the settings ...</button>
              <button type="button" onClick=${() => setDialog("edit")}>Change the registration ...</button>
              <button type="button" class="danger" onClick=${() => setDialog("secret")}>Replace the secret ...</button>
            </div>
            <p class="quiet">A disabled robot takes no new batches. Its open ones go on.</p>
          `
        }
        <${ErrorMessage} error=${enable.error} />
      <//>
      <${Section} title="The last 30 days">
        <${ErrorMessage} error=${activity.error} retry=${activity.reload} />
        ${!activity.data && !activity.error && html`<${Loading} lines=${5} />`}
        ${activity.data && html`<${Facts} pairs=${describeActivity(activity.data, robot.data)} />`}
        <${RobotPlots} id=${id} />
        <p><a href="/console/batches?robot_id=${id}">${isOperator ? "All its batches" : "Your batches to it"}</a></p>
      <//>
      <${Commands} command=${writeCommand("robots", "show", name)} call=${{ method: "GET", path: `/robots/${id}/activity` }} />
      ${dialog === "edit" && html`<${RobotForm} title="Change the registration" confirm="Save" robot=${robot.data} save=${(/** @type {any} */ body) => change("PUT", body)} close=${close} />`}
      ${dialog === "settings" && html`<${SettingsDialog} robot=${robot.data} save=${(/** @type {any} */ body) => change("PATCH", body)} close=${close} />`}
      ${dialog === "secret" && html`<${SecretDialog} robot=${robot.data} show=${setSecret} close=${close} />`}
    <//>
  `;
}
