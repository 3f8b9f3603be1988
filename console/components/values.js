// @ts-check
// How single values are shown.

import { formatDuration, formatNumber, formatShare, formatTime, secondsBetween } from "../format.js";
import { html, useState } from "../html.js";
import { useInterval } from "../load.js";
import { REFERENCE_STATES, STATUSES } from "../wording.js";

/** @param {{status: string}} props */
export function StatusChip({ status }) {
  const { label, tone } = STATUSES[status] ?? { label: status, tone: "neutral" };
  return html`<span class="chip ${tone}">${label}</span>`;
}

/** A time as its age. `isShort` leaves out the whole time. @param {{time: string, isShort?: boolean}} props */
export function Age({ time, isShort }) {
  const [, setTick] = useState(0);
  useInterval(() => setTick((tick) => tick + 1), 10);
  const seconds = Math.max(0, secondsBetween(time));
  const text = seconds < 5 ? "just now" : `${formatDuration(seconds).split(" ").slice(0, 2).join(" ")} ago`;
  return html`<time dateTime=${time}>${text}${!isShort && html` <span class="quiet">${formatTime(time)}</span>`}</time>`;
}

/** @param {{time: string}} props */
export function Time({ time }) {
  return html`<time dateTime=${time}>${formatTime(time)}</time>`;
}

/**
 * The references of a batch by state, as a bar and in words.
 *
 * @param {{counts: Record<string, number> | null | undefined, isLarge?: boolean}} props
 */
export function CountsBar({ counts, isLarge }) {
  if (!counts) return html`<span class="quiet">not counted</span>`;
  const states = Object.keys(REFERENCE_STATES).filter((state) => counts[state] > 0);
  // The list of references of a batch may not be read yet.
  const words =
    states.map((state) => `${formatNumber(counts[state])} ${REFERENCE_STATES[state]}`).join(", ") ||
    "no references counted yet";
  let start = 0;
  const parts = states.map((state) => {
    const width = (100 * counts[state]) / (counts.requested || 1);
    const part = html`<rect class="state-${state}" x=${start} y="0" width=${width} height="10" />`;
    start += width;
    return part;
  });
  return html`
    <span class=${isLarge ? "counts large" : "counts"}>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label=${words}>${parts}</svg>
      <span class="counts-text" aria-hidden="true">
        ${formatNumber(counts.enhanced)} of ${formatNumber(counts.requested)}
      </span>
    </span>
  `;
}

/** The states of a counts bar, with their colours. @param {{counts: Record<string, number>}} props */
export function CountsLegend({ counts }) {
  return html`
    <dl class="legend">
      ${Object.entries(REFERENCE_STATES)
        .filter(([state]) => counts[state] > 0 || state === "enhanced")
        .map(
          ([state, label]) => html`
            <div key=${state}>
              <dt><span class="swatch state-${state}"></span>${label}</dt>
              <dd>${formatNumber(counts[state])} <span class="quiet">${formatShare(counts[state], counts.requested)}</span></dd>
            </div>
          `,
        )}
    </dl>
  `;
}

/** @param {{metadata: Record<string, string> | null | undefined}} props */
export function Metadata({ metadata }) {
  const pairs = Object.entries(metadata ?? {});
  if (!pairs.length) return null;
  return html`<span class="metadata">${pairs.map(([key, value]) => html`<span class="pair" key=${key}><b>${key}</b> ${value}</span>`)}</span>`;
}

/** The name of a robot, with a link to it. @param {{robots: Map<string, any> | undefined, id: string}} props */
export function RobotName({ robots, id }) {
  const name = robots ? (robots.get(id)?.name ?? `unknown robot ${id.slice(0, 8)}`) : "...";
  return html`<a href="/console/robots/${id}"><bdi>${name}</bdi></a>`;
}
