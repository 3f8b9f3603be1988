// @ts-check
// Requesting a batch: choose a robot and references, see what would happen, then ask for it.

import { BATCHES } from "../batches.js";
import { Commands } from "../components/command.js";
import { ErrorMessage, Loading, Note } from "../components/feedback.js";
import { CheckBox, FileField, SelectField, TextArea, TextField } from "../components/fields.js";
import { Screen, Section } from "../components/layout.js";
import { formatCount, formatNumber } from "../format.js";
import { html, useMemo, useRef, useState } from "../html.js";
import { findIdentifiers } from "../identify.js";
import { useAction, useApi, useLoad, useRobots } from "../load.js";
import { isId, navigate, useAddress } from "../router.js";
import { checkIds, readIds, uploadIds, UPLOADED_ABOVE } from "../upload_ids.js";
import { Check, lookUp } from "./new_batch_check.js";
import { MetadataFields, readPairs } from "./new_batch_metadata.js";
import { RobotSummary } from "./robot_summary.js";

const MAX_REFERENCES = 1_000_000;

export function NewBatchScreen() {
  const api = useApi();
  const from = useAddress().searchParams.get("from");
  const original = useLoad(
    async (signal) => {
      if (!isId(from)) return null;
      const batch = await api.get(BATCHES + from, {}, signal);
      return { ...batch, reference_ids: await readIds(batch, signal) };
    },
    [api, from],
  );
  return html`
    <${Screen} title="New batch">
      <${ErrorMessage} error=${original.error} retry=${original.reload} />
      ${original.data === undefined && !original.error && html`<${Loading} lines=${12} />`}
      ${original.data !== undefined && html`<${RequestForm} original=${original.data} />`}
    <//>
  `;
}

/** @param {{original: any}} props The batch that is requested again, or null. */
function RequestForm({ original }) {
  const api = useApi();
  const robots = useRobots();
  const named = new URLSearchParams(location.search).get("robot");
  const [robotId, setRobotId] = useState(isId(named) ? named : (original?.robot_id ?? ""));
  const [fileName, setFileName] = useState("");
  const [text, setText] = useState(/** @type {string} */ (original?.reference_ids?.join("\n") ?? ""));
  const [source, setSource] = useState(original?.source ?? "");
  const [pairs, setPairs] = useState(/** @type {[string, string][]} */ (Object.entries(original?.metadata ?? {})));
  const [isTestRun, setIsTestRun] = useState(false);
  const [skipsEnhanced, setSkipsEnhanced] = useState(false);
  const [checked, setChecked] = useState(/** @type {any} */ (null));
  // The same key for each attempt, so that a repeated click or a lost answer makes one batch.
  const key = useRef({ body: "", key: "", upload: "" });
  const found = useMemo(() => findIdentifiers(text), [text]);
  const count = found.ids.length + found.identifiers.length;

  const options = () => ({
    robot_id: robotId,
    ...(source ? { source } : {}),
    ...(pairs.length ? { metadata: readPairs(pairs) } : {}),
    ...(isTestRun ? { test_run: true } : {}),
    ...(skipsEnhanced ? { skip_enhanced: true } : {}),
  });
  const check = useAction(async () => {
    const { ids, unknown } = await lookUp(api, found);
    const dryRun = await checkIds(api, options(), ids);
    const missing = new Set(dryRun.unknown);
    setChecked({ robotId, text, dryRun, unknown, ids: ids.filter((id) => !missing.has(id)) });
  });
  const isFresh = checked && checked.text === text && checked.robotId === robotId;
  const request = useAction(async () => {
    const ids = /** @type {string[]} */ (checked.ids);
    const written = JSON.stringify({ ...options(), ids });
    if (key.current.body !== written) key.current = { body: written, key: crypto.randomUUID(), upload: "" };
    if (ids.length > UPLOADED_ABOVE) key.current.upload ||= await uploadIds(api, ids);
    const { upload } = key.current;
    const batch = await api.call("POST", BATCHES, {
      query: { include_reference_ids: false },
      body: { ...options(), ...(upload ? { reference_ids_upload: upload } : { reference_ids: ids }) },
      headers: { "Idempotency-Key": key.current.key },
      repeatable: true,
    });
    navigate(`/console/batches/${batch.id}`);
  });
  const isUploading = request.isRunning && checked.ids.length > UPLOADED_ABOVE;
  // What the robot would get.
  const sent = isFresh ? checked.ids.length - (skipsEnhanced ? (checked.dryRun.skipped ?? 0) : 0) : 0;
  const enabled = [...(robots?.values() ?? [])].filter((robot) => robot.enabled !== false);
  return html`
    <${Section} title="1. The robot">
      <${SelectField}
        label="Robot"
        value=${robotId}
        options=${[["", "Choose a robot"], ...enabled.map((robot) => [robot.id, robot.name])]}
        onChange=${setRobotId}
      />
      ${robots && !enabled.length && html`<${Note}><p>No robot is registered and enabled. Operators register robots.</p><//>`}
      ${robotId && html`<${RobotSummary} key=${robotId} id=${robotId} />`}
    <//>
    <${Section} title="2. The references">
      <${TextArea}
        label="Ids, DOIs, PubMed or OpenAlex ids"
        hint="One on each line. Whole RIS, BibTeX or CSV records also work: their identifiers are found."
        value=${text}
        onChange=${setText}
      />
      <${FileField}
        label="Or a file"
        hint="For example loaded.jsonl, a list of ids, or a reference file. It is read in your browser."
        onFile=${async (/** @type {File} */ file) => {
          setText(await file.text());
          setFileName(file.name);
        }}
      />
      <p role="status">${describeFound(found, text && fileName)}</p>
      ${count > MAX_REFERENCES && html`<${Note} tone="mixed"><p>A batch has at most ${formatNumber(MAX_REFERENCES)} references. Split the list.</p><//>`}
    <//>
    <${Section} title="3. How">
      <div class="fields">
        <${TextField} label="Source (optional)" hint="Free text, for example the name of your review" value=${source} maxLength=${1000} onChange=${setSource} />
        <div>
          <${CheckBox} label="Test run" hint="The result is validated and reported, and nothing is added." isChecked=${isTestRun} onChange=${setIsTestRun} />
          <${CheckBox} label="Skip what is enhanced" hint="Leave out references that this version of the robot has enhanced." isChecked=${skipsEnhanced} onChange=${setSkipsEnhanced} />
        </div>
      </div>
      <${MetadataFields} pairs=${pairs} setPairs=${setPairs} />
    <//>
    <${Section} title="4. Check and request">
      <div class="actions">
        <button type="button" class=${isFresh ? "" : "primary"} disabled=${!robotId || !count || count > MAX_REFERENCES || check.isRunning} onClick=${() => check.run()}>
          ${check.isRunning ? "Checking ..." : "Check"}
        </button>
        <button type="button" class="primary" disabled=${!sent || request.isRunning} onClick=${() => request.run()}>
          ${isUploading ? "Uploading the list ..." : isFresh ? `Request ${formatCount(sent, "reference")}` : "Request"}
        </button>
      </div>
      ${(!robotId || !count) && html`<p class="hint">Choose a robot and name references first.</p>`}
      <${ErrorMessage} error=${check.error ?? request.error} />
      ${isFresh && html`<${Check} checked=${checked} skipsEnhanced=${skipsEnhanced} />`}
      ${
        isFresh &&
        checked.ids.length > 0 &&
        html`<${Commands} call=${{ method: "POST", path: BATCHES, body: { ...options(), reference_ids: checked.ids.slice(0, 3) } }} title=${checked.ids.length > 3 ? "The same as curl, for the first three references" : "The same as curl"} />`
      }
    <//>
  `;
}

/** @param {ReturnType<typeof findIdentifiers>} found @param {string} fileName Empty if no file was read. */
function describeFound({ ids, identifiers }, fileName) {
  if (!ids.length && !identifiers.length) {
    if (!fileName) return "No id and no identifier yet.";
    return `${fileName} names no reference by an id, a DOI, or a PubMed or OpenAlex id. \`exchange references load\` loads such a file and writes the ids.`;
  }
  const parts = [
    ids.length ? formatCount(ids.length, "id") : "",
    identifiers.length ? formatCount(identifiers.length, "identifier") : "",
  ].filter(Boolean);
  return `Found ${parts.join(" and ")}.`;
}
