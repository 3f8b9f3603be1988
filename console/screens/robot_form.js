// @ts-check

import { Dialog } from "../components/dialog.js";
import { CheckBox, TextField } from "../components/fields.js";
import { html, useState } from "../html.js";
import { useAction } from "../load.js";
import { findAddress, JobFields, NO_ADDRESS, toSettings } from "./robot_jobs.js";

const ENHANCEMENTS = ["bibliographic", "abstract", "annotation", "location"];
const IDENTIFIERS = ["doi", "pm_id", "open_alex", "other"];

/**
 * The registration of a robot. That of a new one also has the settings for its jobs.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.confirm
 * @param {any} [props.robot] A registered one.
 * @param {(body: any, settings: any) => Promise<void>} props.save
 * @param {() => void} props.close
 */
export function RobotForm({ title, confirm, robot, save, close }) {
  const [fields, setFields] = useState(() => ({
    name: robot?.name ?? "",
    base_url: findAddress(robot),
    description: robot?.description ?? "",
    owner: robot?.owner ?? "",
    dependent_enhancements: /** @type {string[]} */ (robot?.dependent_enhancements ?? []),
    dependent_identifiers: /** @type {string[]} */ (robot?.dependent_identifiers ?? []),
  }));
  const [jobs, setJobs] = useState({ delivery: robot?.delivery ?? "push", max_references: "" });
  const { run, isRunning, error } = useAction(() => save({ ...fields, base_url: fields.base_url || NO_ADDRESS }, toSettings(jobs)));
  const isCalled = jobs.delivery !== "pull";
  const set = (/** @type {Partial<typeof fields>} */ changes) => setFields({ ...fields, ...changes });
  const toggle = (/** @type {"dependent_enhancements" | "dependent_identifiers"} */ name, /** @type {string} */ item) =>
    set({ [name]: fields[name].includes(item) ? fields[name].filter((other) => other !== item) : [...fields[name], item] });
  const choices = (/** @type {"dependent_enhancements" | "dependent_identifiers"} */ name, /** @type {string[]} */ items) =>
    items.map((item) => html`<${CheckBox} key=${item} label=${item} isChecked=${fields[name].includes(item)} onChange=${() => toggle(name, item)} />`);
  return html`
    <${Dialog} title=${title} confirm=${confirm} isRunning=${isRunning} error=${error} onConfirm=${run} onClose=${close}>
      <${TextField} label="Name" isRequired value=${fields.name} onChange=${(/** @type {string} */ name) => set({ name })} />
      <${TextField} label="Address" hint=${isCalled ? "The exchange calls <address>/batch/." : "A robot that fetches its jobs needs none."} isRequired=${isCalled} type="url" value=${fields.base_url} onChange=${(/** @type {string} */ value) => set({ base_url: value })} />
      <${TextField} label="What it does" value=${fields.description} onChange=${(/** @type {string} */ description) => set({ description })} />
      <${TextField} label="Owner" hint="Who is responsible for it" value=${fields.owner} onChange=${(/** @type {string} */ owner) => set({ owner })} />
      ${!robot && html`<${JobFields} jobs=${jobs} setJobs=${setJobs} />`}
      <fieldset><legend>Needs to know</legend>${choices("dependent_enhancements", ENHANCEMENTS)}</fieldset>
      <fieldset><legend>Needs these identifiers</legend>${choices("dependent_identifiers", IDENTIFIERS)}</fieldset>
    <//>
  `;
}
