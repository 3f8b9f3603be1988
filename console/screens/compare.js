// @ts-check
// Comparing the labels of a batch with those of people or of another batch, as `exchange batches compare`.

import { listBatches, readBatch, readLabelsOfBatch } from "../batches.js";
import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage } from "../components/feedback.js";
import { FileField, SelectField, TextArea, TextField } from "../components/fields.js";
import { Screen, Section } from "../components/layout.js";
import {
  Catalogue,
  compare,
  DEFAULT_THRESHOLD,
  findLabelFormat,
  findPair,
  InputRejected,
  labelReferences,
  readLabels,
} from "../compare/index.js";
import { html, useState } from "../html.js";
import { useAction, useApi, useLoad } from "../load.js";
import { isId, useParameters } from "../router.js";
import { BatchField } from "./batch_field.js";
import { lookUpFile } from "./compare_lookup.js";
import { CompareResult, countReferences } from "./compare_result.js";

/** @typedef {import("../api.js").Api} Api */

const WITH_ENHANCEMENTS = ["completed", "partial_failed"];

export function CompareScreen() {
  const api = useApi();
  const [parameters, setParameters] = useParameters();
  const [baseline, setBaseline] = useState(parameters.get("baseline") ?? "file");
  const [a, setA] = useState(parameters.get("a") ?? "");
  const [b, setB] = useState(parameters.get("b") ?? "");
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [mapping, setMapping] = useState(parameters.get("map") ?? "");
  const [threshold, setThreshold] = useState(String(DEFAULT_THRESHOLD));
  const [result, setResult] = useState(/** @type {any} */ (null));
  const recent = useLoad((signal) => listBatches(api, { status: WITH_ENHANCEMENTS }, null, signal), [api]);
  const maps = mapping.split("\n").map((line) => line.trim()).filter(Boolean);
  const { run, isRunning, error } = useAction(async () => {
    setResult(null);
    setParameters({ baseline, a: baseline === "batch" ? a : null, b, map: mapping }, { replace: true });
    const catalogue = new Catalogue();
    const left = baseline === "batch" ? await readLabelsOfBatch(await readBatch(api, a)) : await readFile(api, file, catalogue);
    const right = await readLabelsOfBatch(await readBatch(api, b));
    const pairs = maps.map((text) => findPair(text, left, right));
    const compared = compare(left, right, { mapping: pairs, threshold: Number(threshold), catalogue });
    if (!compared.labels.some((label) => countReferences(label))) {
      throw new InputRejected(`${left.name} and ${right.name} have no reference in common for these labels.`);
    }
    setResult(compared);
  });
  const isComplete = isId(b) && (baseline === "batch" ? isId(a) : file !== null);
  const words = baseline === "batch" ? [a || "BATCH", b || "BATCH"] : [b || "BATCH", "--labels", file?.name ?? "labels.csv"];
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
              : html`<${FileField} label="File with labels" hint="CSV, TSV or JSON lines. It stays in your browser, and only the identifiers in it are looked up." accept=".csv,.tsv,.tab,.jsonl" onFile=${setFile} />`
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
      ${result && html`<${CompareResult} result=${result} />`}
      <${Section} title="On the command line">
        <p>The command line also reads labels from RIS, BibTeX and XLSX, and writes a page for an appendix.</p>
        <${Commands} command=${writeCommand("batches", "compare", ...words, ...maps.flatMap((text) => ["--map", text]), "--html", "comparison.html")} />
      <//>
    <//>
  `;
}

/**
 * Return the labels in a file. Its references are matched by their identifiers.
 *
 * @param {Api} api
 * @param {File | null} file
 * @param {Catalogue} catalogue
 */
async function readFile(api, file, catalogue) {
  const format = file && findLabelFormat(file.name);
  if (!file || !format) throw new InputRejected("The file must be CSV, TSV or JSON lines, with the suffix .csv, .tsv or .jsonl.");
  const labels = await readLabels(file.stream(), format);
  return labelReferences(await lookUpFile(api, labels), catalogue, { name: file.name });
}
