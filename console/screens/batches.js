// @ts-check
// The list of batch requests: newest first, live, with filters in the address, and actions on many at once.

import { writeQuery } from "../api.js";
import { BATCHES, hasFilters, listBatches, METADATA, readFilters } from "../batches.js";
import { Commands, writeCommand } from "../components/command.js";
import { Empty, ErrorMessage, Loading } from "../components/feedback.js";
import { Facts, Screen, Table } from "../components/layout.js";
import { Age, CountsBar, Metadata, RobotName, StatusChip } from "../components/values.js";
import { formatCount } from "../format.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { useApi, useInterval, useLoad, useRobots } from "../load.js";
import { navigate, useParameters } from "../router.js";
import { toggleItem } from "../selection.js";
import { hasEnded, STATUSES } from "../wording.js";
import { BatchFilters } from "./batch_filters.js";
import { BulkAction } from "./bulk_action.js";

/** @typedef {import("../models.js").BatchSummary} BatchSummary */

const LIVE_S = 3;

export function BatchesScreen() {
  const api = useApi();
  const robots = useRobots();
  const [parameters, setParameters] = useParameters();
  const continuation = parameters.get("continuation");
  const query = readFilters(parameters);
  const page = useLoad((signal) => listBatches(api, query, continuation, signal), [api, parameters.toString()]);
  const [selected, setSelected] = useState(/** @type {Set<string>} */ (new Set()));
  const [matching, setMatching] = useState(false);
  const [action, setAction] = useState(/** @type {"cancel" | "retry" | null} */ (null));
  useEffect(() => {
    setSelected(new Set());
    setMatching(false);
  }, [parameters.toString()]);
  const { shown, newer, showNewer } = useStableRows(page.data?.batch_requests, parameters.toString());
  useInterval(page.poll, LIVE_S, !continuation || shown?.some((batch) => !hasEnded(batch)));

  const chosen = shown?.filter((batch) => selected.has(batch.id)) ?? [];
  const toggleAll = () => setSelected(new Set(chosen.length === shown?.length ? [] : shown?.map((batch) => batch.id)));
  const toggle = (/** @type {string} */ id) => {
    setSelected(toggleItem(selected, id));
    setMatching(false);
  };
  return html`
    <${Screen} title="Batches" actions=${html`<a class="button primary" href="/console/new">New batch</a>`}>
      <${BatchFilters} parameters=${parameters} setParameters=${setParameters} robots=${robots} />
      <${ErrorMessage} error=${page.error} retry=${page.reload} />
      ${shown === undefined && !page.error && html`<${Loading} lines=${10} />`}
      ${shown?.length === 0 && html`<${NoBatches} isFiltered=${hasFilters(parameters)} clear=${() => navigate("/console/batches")} />`}
      ${
        shown !== undefined &&
        shown.length > 0 &&
        html`
          <div class="toolbar">
            <span role="status">
              ${matching ? "All that match are selected" : `${formatCount(chosen.length, "batch", "batches")} selected`}
            </span>
            ${
              chosen.length === shown.length &&
              page.data?.continuation &&
              !matching &&
              html`<button type="button" class="small" onClick=${() => setMatching(true)}>Select all that match the filters</button>`
            }
            <button type="button" class="small" disabled=${!chosen.length} onClick=${() => setAction("cancel")}>Cancel ...</button>
            <button type="button" class="small" disabled=${!chosen.length} onClick=${() => setAction("retry")}>Retry ...</button>
            ${newer > 0 && html`<button type="button" class="small primary" onClick=${showNewer}>Show ${formatCount(newer, "newer batch", "newer batches")}</button>`}
          </div>
          <${Table}
            isStacked
            caption="Batch requests, newest first"
            isBusy=${page.isLoading}
            head=${[
              html`<label><input type="checkbox" aria-label="Select all on this page" checked=${chosen.length === shown.length} onChange=${toggleAll} /><span class="only-narrow"> Select all</span></label>`,
              "Batch",
              "Status",
              "Enhanced",
              "Robot",
              "Source",
              "Created",
            ]}
          >
            ${shown.map((batch) => html`<${Row} key=${batch.id} batch=${batch} robots=${robots} isSelected=${selected.has(batch.id)} toggle=${toggle} />`)}
          <//>
          <${Pages} continuation=${continuation} next=${page.data?.continuation ?? null} setParameters=${setParameters} />
        `
      }
      <details>
        <summary>What the statuses mean</summary>
        <${Facts} pairs=${Object.values(STATUSES).map(({ label, about }) => [label, about])} />
      </details>
      <${Commands}
        command=${writeListCommand(parameters)}
        call=${{ method: "GET", path: BATCHES + writeQuery({ ...query, continuation }) }}
      />
      ${
        action &&
        html`<${BulkAction} action=${action} batches=${matching ? null : chosen} query=${query} close=${() => {
          setAction(null);
          page.reload();
        }} />`
      }
    <//>
  `;
}

/** @param {{batch: BatchSummary, robots: Map<string, any> | undefined, isSelected: boolean, toggle: (id: string) => void}} props */
function Row({ batch, robots, isSelected, toggle }) {
  const short = batch.id.slice(0, 8);
  return html`
    <tr>
      <td><input type="checkbox" aria-label="Select batch ${short}" checked=${isSelected} onChange=${() => toggle(batch.id)} /></td>
      <td data-label="Batch"><a class="id" href="/console/batches/${batch.id}" aria-label="Batch ${short}">${short}</a></td>
      <td data-label="Status"><${StatusChip} status=${batch.request_status} />${batch.error_code === "cancelled" && html` <span class="quiet">cancelled</span>`}</td>
      <td data-label="Enhanced"><${CountsBar} counts=${batch.counts} /></td>
      <td data-label="Robot" class="text"><${RobotName} robots=${robots} id=${batch.robot_id} /></td>
      <td data-label="Source" class="text">${batch.source ?? ""} <${Metadata} metadata=${batch.metadata} /></td>
      <td data-label="Created"><${Age} time=${batch.created_at} /></td>
    </tr>
  `;
}

/**
 * Keep the rows where they are while new batches arrive: known ones are updated in their place, and newer ones are
 * counted until the user asks for them.
 *
 * @param {BatchSummary[] | undefined} loaded
 * @param {string} filters Other filters show other rows at once.
 */
function useStableRows(loaded, filters) {
  const rows = useRef(/** @type {{filters: string, ids: string[]} | null} */ (null));
  const [, draw] = useState(0);
  const previous = useRef(loaded);
  if (loaded && (rows.current?.filters !== filters || rows.current.ids.length === 0) && loaded !== previous.current) {
    rows.current = { filters, ids: loaded.map((batch) => batch.id) };
  }
  previous.current = loaded;
  if (!loaded || !rows.current) return { shown: loaded, newer: 0, showNewer: () => {} };
  const { ids } = rows.current;
  const first = loaded.findIndex((batch) => ids.includes(batch.id));
  const newer = rows.current.filters === filters && ids.length && first > 0 ? first : 0;
  const shown = loaded.slice(newer);
  const showNewer = () => {
    rows.current = { filters, ids: loaded.map((batch) => batch.id) };
    draw((number) => number + 1);
  };
  return { shown, newer, showNewer };
}

/** @param {{continuation: string | null, next: string | null, setParameters: any}} props */
function Pages({ continuation, next, setParameters }) {
  if (!continuation && !next) return null;
  return html`
    <nav class="pages" aria-label="Pages">
      <button type="button" disabled=${!continuation} onClick=${() => setParameters({ continuation: null })}>Newest</button>
      <button type="button" disabled=${!next} onClick=${() => setParameters({ continuation: next })}>Older</button>
    </nav>
  `;
}

/** @param {{isFiltered: boolean, clear: () => void}} props */
function NoBatches({ isFiltered, clear }) {
  if (isFiltered) {
    return html`<${Empty} title="No batch matches the filters"><button type="button" onClick=${clear}>Remove the filters</button><//>`;
  }
  return html`
    <${Empty} title="You have no batches yet">
      <p>A batch asks a robot to enhance references that the exchange knows.</p>
      <p><a class="button primary" href="/console/new">Make the first one</a></p>
    <//>
  `;
}

/** The command has no option for dates. @param {URLSearchParams} parameters */
function writeListCommand(parameters) {
  if (parameters.has("created_after") || parameters.has("created_before")) return undefined;
  const words = parameters.getAll("status").flatMap((status) => ["--status", status]);
  const robot = parameters.get("robot_id");
  const source = parameters.get("source");
  const metadata = [...parameters].flatMap(([name, value]) => (name.startsWith(METADATA) ? [`--${name}`, value] : []));
  return writeCommand("batches", "list", ...words, ...(robot ? ["--robot", robot] : []), ...(source ? ["--source", source] : []), ...metadata);
}
