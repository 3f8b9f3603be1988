// @ts-check
// Comparing the labels of a batch with those of people or of another batch, as `exchange batches compare`.

import { listBatches, readBatch, readLabelsOfBatch } from "../batches.js";
import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage, Note } from "../components/feedback.js";
import { FileField, SelectField, TextArea, TextField } from "../components/fields.js";
import { Screen, Section } from "../components/layout.js";
import {
  Catalogue,
  compare,
  DEFAULT_THRESHOLD,
  findLabelFormat,
  findPair,
  InputRejected,
  LabelNames,
  labelReferences,
  readLabels,
  readLoaded,
} from "../compare/index.js";
import { formatCount } from "../format.js";
import { html, useState } from "../html.js";
import { useAction, useApi, useLoad } from "../load.js";
import { isId, useParameters } from "../router.js";
import { BatchField } from "./batch_field.js";
import { listUnmatched, lookUpFile } from "./compare_lookup.js";
import { CompareResult, countReferences } from "./compare_result.js";


/** @typedef {import("../compare/labels.js").LabelFile} LabelFile */

const WITH_ENHANCEMENTS = ["completed", "partial_failed"];
const SHOWN = 20;

export function CompareScreen() {
  const api = useApi();
  const [parameters, setParameters] = useParameters();
  const [baseline, setBaseline] = useState(parameters.get("baseline") ?? "file");
  const [a, setA] = useState(parameters.get("a") ?? "");
  const [b, setB] = useState(parameters.get("b") ?? "");
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [loaded, setLoaded] = useState(/** @type {File | null} */ (null));
  const [mapping, setMapping] = useState(parameters.get("map") ?? "");
  const [threshold, setThreshold] = useState(String(DEFAULT_THRESHOLD));
  const [result, setResult] = useState(/** @type {any} */ (null));
  const [unmatched, setUnmatched] = useState(/** @type {string[]} */ ([]));
  const recent = useLoad((signal) => listBatches(api, { status: WITH_ENHANCEMENTS }, null, signal), [api]);
  const maps = mapping.split("\n").map((line) => line.trim()).filter(Boolean);
  const isRis = baseline === "file" && file !== null && findLabelFormat(file.name) === "ris";
  const readPeople = async (/** @type {Catalogue} */ catalogue, /** @type {LabelNames} */ names) => {
    const labels = await lookUpFile(api, await readFile(file, names), isRis && loaded ? await readLoaded(loaded.stream()) : null);
    setUnmatched(listUnmatched(labels));
    return labelReferences(labels, catalogue, { name: file?.name ?? "" });
  };
  const { run, isRunning, error } = useAction(async () => {
    setResult(null);
    setUnmatched([]);
    setParameters({ baseline, a: baseline === "batch" ? a : null, b, map: mapping }, { replace: true });
    const catalogue = new Catalogue();
    const right = await readLabelsOfBatch(await readBatch(api, b));
    const left = baseline === "batch" ? await readLabelsOfBatch(await readBatch(api, a)) : await readPeople(catalogue, new LabelNames(right, maps));
    const pairs = maps.map((text) => findPair(text, left, right));
    const compared = compare(left, right, { mapping: pairs, threshold: Number(threshold), catalogue });
    if (!compared.labels.some((label) => countReferences(label))) {
      throw new InputRejected(`${left.name} and ${right.name} have no reference in common for these labels.`);
    }
    setResult(compared);
  });
  const isComplete = isId(b) && (baseline === "batch" ? isId(a) : file !== null);
  const words = baseline === "batch" ? [a || "BATCH", b || "BATCH"] : [b || "BATCH", "--labels", file?.name ?? "labels.csv", ...(isRis && loaded ? ["--from", loaded.name] : [])];
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run();
  };
  return html`
    <${Screen} title="Compare labels">
      <form class="panel" onSubmit=${submit}>
        <div class="fields">
          <${SelectField}
            label="Baseline (A)"
            hint="What the batch is measured against"
            value=${baseline}
            options=${[["file", "labels of people, from a file"], ["batch", "another batch"]]}
            onChange=${setBaseline}
          />
          ${
            baseline === "batch"
              ? html`<${BatchField} label="Batch A" value=${a} batches=${recent.data?.batch_requests} onChange=${setA} />`
              : html`<${FileField} label="File with labels" hint="RIS, CSV, TSV or JSON lines. It stays in your browser, and only the identifiers in it are looked up." accept=".ris,.csv,.tsv,.tab,.jsonl" onFile=${setFile} />`
          }
          ${
            isRis &&
            html`<${FileField} label="What loading the file printed (optional)" hint="The output of exchange references load. It finds references without a DOI, PubMed or OpenAlex id." accept=".jsonl" onFile=${setLoaded} />`
          }
          <${BatchField} label="Batch B" value=${b} batches=${recent.data?.batch_requests} onChange=${setB} />
          <${TextField} label="Threshold" hint="A score from here on means yes" type="number" isRequired value=${threshold} onChange=${setThreshold} />
        </div>
        <details open=${Boolean(mapping)}>
          <summary>Labels with different names</summary>
          <${TextArea} label="Label of A = label of B" hint="One pair on each line, for example screening:included=study-design:randomised trial" rows=${3} value=${mapping} onChange=${setMapping} />
        </details>
        <button type="submit" class="primary" disabled=${!isComplete || isRunning}>${isRunning ? "Comparing ..." : "Compare"}</button>
      </form>
      <${ErrorMessage} error=${error} />
      <${Unmatched} names=${unmatched} />
      ${result && html`<${CompareResult} result=${result} />`}
      <${Section} title="On the command line">
        <p>The command line also reads labels from BibTeX and XLSX, and writes a page for an appendix.</p>
        <${Commands} command=${writeCommand("batches", "compare", ...words, ...maps.flatMap((text) => ["--map", text]), "--html", "comparison.html")} />
      <//>
    <//>
  `;
}

/**
 * @param {File | null} file
 * @param {LabelNames} names
 * @returns {Promise<LabelFile>}
 */
async function readFile(file, names) {
  const format = file && findLabelFormat(file.name);
  if (!file || !format) throw new InputRejected("The file must be RIS, CSV, TSV or JSON lines, with the suffix .ris, .csv, .tsv or .jsonl.");
  return readLabels(file.stream(), format, { names });
}

/** What of the file the exchange does not have. @param {{names: string[]}} props */
function Unmatched({ names }) {
  if (!names.length) return null;
  return html`
    <${Note} tone="mixed">
      <p>${formatCount(names.length, "labelled reference")} of the file cannot be found in the exchange, and ${names.length === 1 ? "is" : "are"} left out:</p>
      <ul>${names.slice(0, SHOWN).map((name) => html`<li><bdi>${name}</bdi></li>`)}</ul>
      ${names.length > SHOWN && html`<p>The first ${SHOWN} are shown.</p>`}
    <//>
  `;
}
