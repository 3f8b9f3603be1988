// @ts-check

import { Age, Time } from "../components/values.js";
import { formatDuration, secondsBetween } from "../format.js";
import { html } from "../html.js";
import { useRobots } from "../load.js";
import { describeWork } from "../parts.js";
import { hasEnded, STATUSES } from "../wording.js";

/**
 * What happened to a batch request and when, and what it waits for now.
 *
 * @param {{batch: import("../models.js").Batch}} props
 */
export function Timeline({ batch }) {
  const steps = [
    { name: "Requested", time: batch.created_at, since: null },
    { name: batch.parts ? "First part with a robot" : "Accepted by the robot", time: batch.accepted_at, since: batch.created_at },
    { name: batch.parts ? "All parts ended" : "Result delivered", time: batch.delivered_at, since: batch.accepted_at },
    { name: "Cancelled", time: batch.cancelled_at, since: null },
    { name: `Ended: ${STATUSES[batch.request_status]?.label ?? batch.request_status}`, time: batch.ended_at, since: batch.delivered_at ?? batch.created_at },
  ].filter((step) => step.time);
  return html`
    <ol class="timeline">
      ${steps.map(
        ({ name, time, since }) => html`
          <li key=${name}>
            <b>${name}</b> <${Time} time=${time} />
            ${since && time && html` <span class="quiet">after ${formatDuration(secondsBetween(since, time))}</span>`}
          </li>
        `,
      )}
      ${!hasEnded(batch) && html`<li class="now"><b>Now</b> <${Now} batch=${batch} /> <${Waiting} batch=${batch} /></li>`}
    </ol>
  `;
}

/** @param {{batch: import("../models.js").Batch}} props */
function Now({ batch }) {
  const robots = useRobots();
  if (!batch.parts) return STATUSES[batch.request_status]?.about;
  return describeWork(batch, robots?.get(batch.robot_id)?.delivery === "pull");
}

/** @param {{batch: import("../models.js").Batch}} props */
function Waiting({ batch }) {
  // Of a batch in parts, the latest step is one of a part.
  const last = !batch.parts && (batch.delivered_at ?? batch.accepted_at ?? batch.created_at);
  return html`
    <span class="quiet">
      ${last && html`Last step <${Age} time=${last} isShort />. `}
      ${batch.expires_at && html`Without progress the exchange ends it on <${Time} time=${batch.expires_at} />.`}
    </span>
  `;
}
