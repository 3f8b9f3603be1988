// @ts-check

import { hasFilters, METADATA } from "../batches.js";
import { SelectField, TextField } from "../components/fields.js";
import { html, useEffect, useState } from "../html.js";
import { STATUSES } from "../wording.js";

/**
 * The filters of the list. They are the parameters of the address, so a filtered list can be shared.
 *
 * @param {object} props
 * @param {URLSearchParams} props.parameters
 * @param {(changes: Record<string, string | string[] | null>) => void} props.setParameters
 * @param {Map<string, any> | undefined} props.robots
 */
export function BatchFilters({ parameters, setParameters, robots }) {
  const set = (/** @type {Record<string, string | string[] | null>} */ changes) => setParameters({ ...changes, continuation: null });
  const statuses = parameters.getAll("status");
  const toggle = (/** @type {string} */ status) =>
    set({ status: statuses.includes(status) ? statuses.filter((other) => other !== status) : [...statuses, status] });
  const pairs = [...parameters].filter(([name]) => name.startsWith(METADATA));
  const others = pairs.length || ["source", "created_after", "created_before"].some((name) => parameters.has(name));
  return html`
    <form class="filters" role="search" aria-label="Filters" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <fieldset class="toggles">
        <legend>Status</legend>
        ${Object.entries(STATUSES).map(
          ([status, { label }]) => html`
            <label key=${status}><input type="checkbox" checked=${statuses.includes(status)} onChange=${() => toggle(status)} /><span>${label}</span></label>
          `,
        )}
      </fieldset>
      <${SelectField}
        label="Robot"
        value=${parameters.get("robot_id") ?? ""}
        options=${[["", "all"], ...[...(robots?.values() ?? [])].map((robot) => [robot.id, robot.name])]}
        onChange=${(/** @type {string} */ value) => set({ robot_id: value })}
      />
      <details open=${Boolean(others)}>
        <summary>More filters</summary>
        <div class="fields">
          <${LazyField} label="Source" hint="The whole text" value=${parameters.get("source")} onCommit=${(/** @type {string} */ value) => set({ source: value })} />
          <${LazyField} label="From" type="date" value=${parameters.get("created_after")} onCommit=${(/** @type {string} */ value) => set({ created_after: value })} />
          <${LazyField} label="To" type="date" value=${parameters.get("created_before")} onCommit=${(/** @type {string} */ value) => set({ created_before: value })} />
          <${MetadataFilter} pairs=${pairs} set=${set} />
        </div>
      </details>
      ${
        hasFilters(parameters) &&
        html`<button type="button" class="small" onClick=${() => set(Object.fromEntries([...parameters.keys()].map((name) => [name, null])))}>Remove all filters</button>`
      }
    </form>
  `;
}

/**
 * A field that counts when the user presses Enter or leaves it.
 *
 * @param {{label: string, hint?: string, type?: string, value: string | null, onCommit: (value: string) => void}} props
 */
function LazyField({ label, hint, type, value, onCommit }) {
  const [draft, setDraft] = useState(value ?? "");
  // The address changes by going back, too.
  useEffect(() => setDraft(value ?? ""), [value]);
  const commit = () => draft !== (value ?? "") && onCommit(draft);
  const press = (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && commit();
  return html`
    <div onFocusOut=${commit} onKeyDown=${press}>
      <${TextField} label=${label} hint=${hint} type=${type} value=${draft} onChange=${setDraft} />
    </div>
  `;
}

/** @param {{pairs: [string, string][], set: (changes: Record<string, string | null>) => void}} props */
function MetadataFilter({ pairs, set }) {
  const [draft, setDraft] = useState("");
  const add = () => {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(draft) ?? [];
    if (!name) return;
    set({ [METADATA + name.trim()]: value.trim() });
    setDraft("");
  };
  return html`
    <div onFocusOut=${add} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && add()}>
      <${TextField} label="Metadata" hint="name=value" value=${draft} onChange=${setDraft} />
    </div>
    ${pairs.map(
      ([name, value]) => html`
        <button key=${name} type="button" class="small" aria-label="Remove the filter ${name.slice(METADATA.length)}=${value}" onClick=${() => set({ [name]: null })}>
          ${name.slice(METADATA.length)}=${value} ×
        </button>
      `,
    )}
  `;
}
