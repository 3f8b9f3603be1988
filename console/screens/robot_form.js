// @ts-check

import { Dialog } from "../components/dialog.js";
import { CheckBox, TextField } from "../components/fields.js";
import { html, useState } from "../html.js";
import { useAction } from "../load.js";

const ENHANCEMENTS = ["bibliographic", "abstract", "annotation", "location"];
const IDENTIFIERS = ["doi", "pm_id", "open_alex", "other"];

/**
 * The registration of a robot.
 *
 * @param {{title: string, confirm: string, robot?: any, save: (body: any) => Promise<void>, close: () => void}} props
 */
export function RobotForm({ title, confirm, robot, save, close }) {
  const [fields, setFields] = useState(() => ({
    name: robot?.name ?? "",
    base_url: robot?.base_url ?? "",
    description: robot?.description ?? "",
    owner: robot?.owner ?? "",
    dependent_enhancements: /** @type {string[]} */ (robot?.dependent_enhancements ?? []),
    dependent_identifiers: /** @type {string[]} */ (robot?.dependent_identifiers ?? []),
  }));
  const { run, isRunning, error } = useAction(() => save(fields));
  const set = (/** @type {Partial<typeof fields>} */ changes) => setFields({ ...fields, ...changes });
  const toggle = (/** @type {"dependent_enhancements" | "dependent_identifiers"} */ name, /** @type {string} */ item) =>
    set({ [name]: fields[name].includes(item) ? fields[name].filter((other) => other !== item) : [...fields[name], item] });
  const choices = (/** @type {"dependent_enhancements" | "dependent_identifiers"} */ name, /** @type {string[]} */ items) =>
    items.map((item) => html`<${CheckBox} key=${item} label=${item} isChecked=${fields[name].includes(item)} onChange=${() => toggle(name, item)} />`);
  return html`
    <${Dialog} title=${title} confirm=${confirm} isRunning=${isRunning} error=${error} onConfirm=${run} onClose=${close}>
      <${TextField} label="Name" isRequired value=${fields.name} onChange=${(/** @type {string} */ name) => set({ name })} />
      <${TextField} label="Address" hint="The exchange calls <address>/batch/." isRequired type="url" value=${fields.base_url} onChange=${(/** @type {string} */ value) => set({ base_url: value })} />
      <${TextField} label="What it does" value=${fields.description} onChange=${(/** @type {string} */ description) => set({ description })} />
      <${TextField} label="Owner" hint="Who is responsible for it" value=${fields.owner} onChange=${(/** @type {string} */ owner) => set({ owner })} />
      <fieldset><legend>Needs to know</legend>${choices("dependent_enhancements", ENHANCEMENTS)}</fieldset>
      <fieldset><legend>Needs these identifiers</legend>${choices("dependent_identifiers", IDENTIFIERS)}</fieldset>
    <//>
  `;
}
