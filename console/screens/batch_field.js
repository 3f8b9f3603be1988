// @ts-check

import { SelectField } from "../components/fields.js";
import { formatTime } from "../format.js";
import { useRobots } from "../load.js";
import { html } from "../html.js";

/**
 * A choice among batch requests. One that is not in the list, for example from the address, can also be chosen.
 *
 * @param {{label: string, value: string, batches: import("../models.js").BatchSummary[] | undefined, onChange: (id: string) => void}} props
 */
export function BatchField({ label, value, batches = [], onChange }) {
  const robots = useRobots();
  const describe = (/** @type {import("../models.js").BatchSummary} */ batch) =>
    [batch.id.slice(0, 8), robots?.get(batch.robot_id)?.name, batch.source, formatTime(batch.created_at)].filter(Boolean).join(" · ");
  const options = batches.map((batch) => [batch.id, describe(batch)]);
  if (value && !batches.some((batch) => batch.id === value)) options.unshift([value, value.slice(0, 8)]);
  return html`<${SelectField} label=${label} isRequired value=${value} options=${[["", "Choose a batch"], ...options]} onChange=${onChange} />`;
}
