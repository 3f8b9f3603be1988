// @ts-check
// How a robot gets its jobs.

import { SelectField, TextField } from "../components/fields.js";
import { formatNumber } from "../format.js";
import { html } from "../html.js";
import { DELIVERIES } from "../wording.js";

/** @typedef {{delivery: string, max_references: string}} Jobs The number as it is typed. Empty means no limit. */

const MAX_REFERENCES = 1_000_000;
/** What the API has instead of the address of a robot that is never called. */
export const NO_ADDRESS = "https://no-base-url.invalid";

/** Return the address of a robot, or an empty text if it has none. @param {{base_url: string} | undefined} robot */
export const findAddress = (robot) => (robot && robot.base_url !== NO_ADDRESS ? robot.base_url : "");

/** @param {Jobs} jobs */
export const toSettings = ({ delivery, max_references: limit }) => ({ delivery, max_references: limit ? Number(limit) : null });

/** @param {{jobs: Jobs, setJobs: (jobs: Jobs) => void}} props */
export function JobFields({ jobs, setJobs }) {
  const set = (/** @type {Partial<Jobs>} */ changes) => setJobs({ ...jobs, ...changes });
  return html`
    <${SelectField} label="How it gets its jobs" value=${jobs.delivery} options=${Object.entries(DELIVERIES)} onChange=${(/** @type {string} */ delivery) => set({ delivery })} />
    <${TextField}
      label="References in one job"
      hint=${`The most that it wants, up to ${formatNumber(MAX_REFERENCES)}. Empty means no limit. A batch with more is worked on in parts.`}
      type="number"
      value=${jobs.max_references}
      onChange=${(/** @type {string} */ value) => set({ max_references: value })}
    />
  `;
}
