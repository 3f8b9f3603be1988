// @ts-check
// Looking up a reference by any of its identifiers.

import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage, Note } from "../components/feedback.js";
import { TextField } from "../components/fields.js";
import { Screen, Section } from "../components/layout.js";
import { ReferenceTitle } from "../components/reference_title.js";
import { html, useState } from "../html.js";
import { findIdentifiers } from "../identify.js";
import { useAction, useApi, useHasRole, useReady } from "../load.js";
import { navigate, useParameters } from "../router.js";
import { lookUp } from "./new_batch_check.js";

const SHOWN = 100;

export function ReferencesScreen() {
  useReady();
  const api = useApi();
  const mayLoad = useHasRole("contributor");
  const [parameters, setParameters] = useParameters();
  const [text, setText] = useState(parameters.get("find") ?? "");
  const [result, setResult] = useState(/** @type {{ids: string[], unknown: any[]} | null} */ (null));
  const { run, isRunning, error } = useAction(async () => {
    setResult(null);
    setParameters({ find: text.trim() }, { replace: true });
    const other = /^([^\s:]+):\s*(.+)$/.exec(text.trim());
    const found = findIdentifiers(text);
    if (!found.ids.length && !found.identifiers.length && other) {
      found.identifiers.push({ identifier_type: "other", other_identifier_name: other[1], identifier: other[2] });
    }
    const { ids, unknown } = await lookUp(api, found);
    if (ids.length === 1 && !unknown.length) navigate(`/console/references/${ids[0]}`);
    else setResult({ ids, unknown });
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`
    <${Screen} title="References" actions=${mayLoad && html`<a class="button" href="/console/load">Load a file</a>`}>
      <${Section} title="Find a reference">
        <form onSubmit=${submit}>
          <${TextField}
            label="Identifier"
            hint="A DOI, a PubMed or OpenAlex id, the id in the exchange, or another identifier as name:value"
            value=${text}
            isRequired
            onChange=${setText}
          />
          <button type="submit" class="primary" disabled=${isRunning}>${isRunning ? "Looking ..." : "Find"}</button>
        </form>
        <${ErrorMessage} error=${error} />
        ${result && !result.ids.length && html`<${Note} tone="mixed"><p>No reference has this identifier.${mayLoad && html` <a href="/console/load">Load references</a> first.`}</p><//>`}
        ${result && result.ids.length > 0 && html`<ul>${result.ids.slice(0, SHOWN).map((id) => html`<li key=${id}><${ReferenceTitle} id=${id} /></li>`)}</ul>`}
        <${Commands} command=${writeCommand("references", "find", text.trim() || "10.1000/example")} />
      <//>
    <//>
  `;
}
