// @ts-check
// Looking up a reference by any of its identifiers.

import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage, Note } from "../components/feedback.js";
import { TextField } from "../components/fields.js";
import { Screen, Section } from "../components/layout.js";
import { ReferenceTitle } from "../components/reference_title.js";
import { html, useEffect, useState } from "../html.js";
import { findIdentifiers } from "../identify.js";
import { useAction, useApi, useHasRole, useReady } from "../load.js";
import { listIdentifiers } from "../references.js";
import { navigate, useParameters } from "../router.js";
import { lookUp } from "./new_batch_check.js";

/** @typedef {import("../identify.js").Identifier} Identifier */

const SHOWN = 100;
const OTHER = /^([^\s:]+):\s*(.+)$/;
/** As for a new batch, but on one line, and also `name:value`. @param {string} text */
function readIdentifiers(text) {
  const words = text.split(/[,;]?\s+/);
  const isList = words.every((word) => Object.values(findIdentifiers(word)).some((list) => list.length));
  const found = findIdentifiers(isList ? words.join("\n") : text);
  const [, name, value] = OTHER.exec(text) ?? [];
  if (name && !found.ids.length && !found.identifiers.length) {
    found.identifiers.push({ identifier_type: "other", other_identifier_name: name, identifier: value });
  }
  return found;
}

/** @type {Record<string, string>} */
const OPTIONS = { doi: "--doi", pm_id: "--pmid", open_alex: "--openalex" };

/** The command has no option for other identifiers. @param {string} text */
function writeFind(text) {
  const { ids, identifiers } = readIdentifiers(text.trim());
  const named = identifiers.flatMap(({ identifier_type: type, identifier }) => (OPTIONS[type] ? [OPTIONS[type], String(identifier)] : []));
  const words = [...ids.flatMap((id) => ["--id", id]), ...named];
  return writeCommand("references", "find", ...(words.length ? words : ["--doi", "10.1000/example"]));
}

export function ReferencesScreen() {
  const api = useApi();
  const mayLoad = useHasRole("contributor");
  const [parameters, setParameters] = useParameters();
  const [text, setText] = useState(parameters.get("find") ?? "");
  const [result, setResult] = useState(/** @type {{ids: string[], unknown: Identifier[], isEmpty: boolean} | null} */ (null));
  const { run, isRunning, error } = useAction(async (/** @type {boolean} */ opensOne) => {
    setResult(null);
    setParameters({ find: text.trim() }, { replace: true });
    const wanted = readIdentifiers(text.trim());
    const { ids, unknown } = await lookUp(api, wanted);
    if (opensOne && ids.length === 1 && !unknown.length) navigate(`/console/references/${ids[0]}`);
    else setResult({ ids, unknown, isEmpty: !ids.length && !unknown.length });
  });
  useReady();
  useEffect(() => {
    // The address of a search, and the way back from a reference, have its result.
    if (text.trim()) run(false);
  }, []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run(true);
  };
  return html`
    <${Screen} title="References" actions=${mayLoad && html`<a class="button" href="/console/load">Load a file</a>`}>
      <${Section} title="Find a reference">
        <form onSubmit=${submit}>
          <${TextField}
            label="Identifier"
            hint="A DOI, a PubMed or OpenAlex id, the id in the exchange, or another identifier as name:value. Several are separated by spaces."
            value=${text}
            isRequired
            onChange=${setText}
          />
          <button type="submit" class="primary" disabled=${isRunning}>${isRunning ? "Looking ..." : "Find"}</button>
        </form>
        <${ErrorMessage} error=${error} />
        ${result && html`<${Result} result=${result} mayLoad=${mayLoad} />`}
        <${Commands} command=${writeFind(text)} />
      <//>
    <//>
  `;
}

/** @param {{result: {ids: string[], unknown: Identifier[], isEmpty: boolean}, mayLoad: boolean}} props */
function Result({ result: { ids, unknown, isEmpty }, mayLoad }) {
  const names = listIdentifiers({ identifiers: unknown.slice(0, SHOWN) });
  return html`
    ${isEmpty && html`<${Note} tone="mixed"><p>There is no identifier in this text. References cannot be found by their titles.</p><//>`}
    ${
      names.length > 0 &&
      html`
        <${Note} tone="mixed">
          <p>No reference has ${names.length === 1 ? "this identifier" : "these identifiers"}: ${names.join(", ")}.</p>
          ${mayLoad && html`<p><a href="/console/load">Load references</a> to add them.</p>`}
        <//>
      `
    }
    <ul class="results">${ids.slice(0, SHOWN).map((id) => html`<li key=${id}><${ReferenceTitle} id=${id} /></li>`)}</ul>
  `;
}
