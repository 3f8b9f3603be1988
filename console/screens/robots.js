// @ts-check

import { Commands, writeCommand } from "../components/command.js";
import { Empty, ErrorMessage, Loading } from "../components/feedback.js";
import { Screen, Table } from "../components/layout.js";
import { SecretOnce } from "../components/secret.js";
import { html, useState } from "../html.js";
import { forgetRobots, useAction, useApi, useHasRole, useLoad } from "../load.js";
import { DELIVERIES } from "../wording.js";
import { RobotForm } from "./robot_form.js";

export function RobotsScreen() {
  const api = useApi();
  const isOperator = useHasRole("operator");
  const { data, error, reload } = useLoad((signal) => api.get("/robots/", {}, signal), [api]);
  const [isRegistering, setIsRegistering] = useState(false);
  const [made, setMade] = useState(/** @type {any} */ (null));
  const configure = useAction(async (/** @type {string} */ id, /** @type {any} */ settings) => {
    await api.call("PATCH", `/robots/${id}/`, { body: settings, repeatable: true });
  });
  const register = async (/** @type {any} */ body, /** @type {any} */ settings) => {
    const robot = await api.call("POST", "/robots/", { body });
    // From here on the robot exists, and its secret has to be shown whatever happens.
    setMade(robot);
    setIsRegistering(false);
    if (settings.delivery !== "push" || settings.max_references) await configure.run(robot.id, settings);
    forgetRobots();
    reload();
  };
  return html`
    <${Screen}
      title="Robots"
      actions=${isOperator && html`<button type="button" class="primary" onClick=${() => setIsRegistering(true)}>Register a robot ...</button>`}
    >
      ${
        made &&
        html`
          <${SecretOnce} title=${`${made.name} is registered`} values=${[["ROBOT_ID", made.id], ["ROBOT_SECRET", made.client_secret]]} close=${() => setMade(null)}>
            <p>Start the robot with both as environment variables.</p>
            <${ErrorMessage} error=${configure.error} title="How it gets its jobs could not be set. Change its settings." />
          <//>
        `
      }
      <${ErrorMessage} error=${error} retry=${reload} />
      ${!data && !error && html`<${Loading} lines=${8} />`}
      ${
        data?.length === 0 &&
        html`<${Empty} title="No robot is registered"><p>${isOperator ? "Register the first one. docs/robots.md explains how to write one." : "Operators register robots."}</p><//>`
      }
      ${
        data?.length > 0 &&
        html`
          <${Table} caption="Robots" head=${["Robot", "What it does", "Version", "Owner", "Jobs", "State"]}>
            ${data.map(
              (/** @type {any} */ robot) => html`
                <tr key=${robot.id}>
                  <td class="text"><a class="clamp" href="/console/robots/${robot.id}"><bdi>${robot.name}</bdi></a></td>
                  <td class="text">${robot.description}</td>
                  <td>${robot.version ?? ""}</td>
                  <td>${robot.owner}</td>
                  <td>${DELIVERIES[robot.delivery ?? "push"] ?? robot.delivery}</td>
                  <td>${robot.enabled === false ? html`<span class="chip mixed">disabled</span>` : html`<span class="chip good">enabled</span>`}</td>
                </tr>
              `,
            )}
          <//>
        `
      }
      <${Commands} command=${writeCommand("robots", "list")} call=${{ method: "GET", path: "/robots/" }} />
      ${isRegistering && html`<${RobotForm} title="Register a robot" confirm="Register" save=${register} close=${() => setIsRegistering(false)} />`}
    <//>
  `;
}
