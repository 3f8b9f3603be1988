// @ts-check
// Loading a references file, and what became of each line.

import { Commands, writeCommand } from "../components/command.js";
import { ErrorMessage, Note } from "../components/feedback.js";
import { CheckBox, FileField, SelectField } from "../components/fields.js";
import { Screen, Section, Table } from "../components/layout.js";
import { saveText } from "../components/save.js";
import { formatCount, formatNumber } from "../format.js";
import { html, useState } from "../html.js";
import { useAction, useApi, useReady } from "../load.js";

/** @typedef {{line: number, id: string | null, error: string | null, existing: boolean, added_identifiers: number, added_enhancements: number, warnings: string[]}} LoadedLine */

// A part is well below the API's limit of 10 MiB.
const PART_BYTES = 2 * 2 ** 20;
const SHOWN = 500;

export function LoadScreen() {
  useReady();
  const api = useApi();
  const [onExisting, setOnExisting] = useState("merge");
  const [name, setName] = useState("");
  const [progress, setProgress] = useState(0);
  const [lines, setLines] = useState(/** @type {LoadedLine[] | null} */ (null));
  const { run, isRunning, error } = useAction(async (/** @type {File} */ file) => {
    setName(file.name);
    setProgress(0);
    /** @type {LoadedLine[]} */
    const loaded = [];
    setLines(loaded);
    let first = 0;
    let bytes = 0;
    for await (const part of readParts(file)) {
      const answer = await api.callForText("POST", "/references/", {
        query: { on_existing: onExisting },
        content: part.text,
        contentType: "application/jsonl",
        repeatable: onExisting !== "fail",
      });
      for (const line of answer.split("\n").filter(Boolean)) {
        const row = JSON.parse(line);
        loaded.push({ ...row, line: first + row.line });
      }
      first += part.lines;
      bytes += part.bytes;
      setProgress(bytes / file.size);
      setLines([...loaded]);
    }
    setProgress(1);
  });
  return html`
    <${Screen} title="Load references">
      <${Section} title="A references file">
        <p>Each line is a reference as JSON, in the format of <a href="/docs">the API</a>. The command line loads RIS, BibTeX, CSV, XLSX, PubMed and other formats.</p>
        <${SelectField}
          label="If a reference is known already"
          value=${onExisting}
          options=${[["merge", "add what it does not have"], ["skip", "leave it as it is"], ["fail", "refuse the line"]]}
          onChange=${setOnExisting}
        />
        <${FileField} label="File" accept=".jsonl,.ndjson,.json" onFile=${(/** @type {File} */ file) => !isRunning && run(file)} />
        <${Commands} title="Load other formats on the command line" command=${writeCommand("references", "load", "library.ris", "--output", "loaded.jsonl")} />
      <//>
      ${isRunning && html`<progress max="1" value=${progress} aria-label="Loading ${name}"></progress>`}
      <${ErrorMessage} error=${error} title=${lines?.length ? `${formatCount(lines.length, "line")} were read before the error` : ""} />
      ${lines && html`<${Result} lines=${lines} name=${name} isRunning=${isRunning} />`}
    <//>
  `;
}

/** @param {{lines: LoadedLine[], name: string, isRunning: boolean}} props */
function Result({ lines, name, isRunning }) {
  const [onlyRefused, setOnlyRefused] = useState(false);
  const refused = lines.filter((line) => line.error);
  const known = lines.filter((line) => line.existing).length;
  const loaded = lines.filter((line) => line.id);
  const shown = (onlyRefused ? refused : lines).slice(0, SHOWN);
  const again = `${loaded.map((line) => line.id).join("\n")}\n`;
  return html`
    <${Section} title=${`What became of ${name}`}>
      <${Note} tone=${refused.length ? "mixed" : "good"}>
        <p>${formatCount(loaded.length, "reference")} loaded${known ? `, ${formatNumber(known)} of them were known` : ""}. ${formatCount(refused.length, "line")} refused.</p>
      <//>
      ${!isRunning && loaded.length > 0 && html`<p><button type="button" class="small" onClick=${() => saveText("ids.txt", again)}>Save the ids</button> for a new batch.</p>`}
      <${CheckBox} label="Only refused lines" isChecked=${onlyRefused} onChange=${setOnlyRefused} />
      <${Table} caption="Lines of the file" head=${["Line", "Reference", "What became of it"]}>
        ${shown.map(
          (line) => html`
            <tr key=${line.line}>
              <td class="number">${line.line}</td>
              <td>${line.id && html`<a class="id" href="/console/references/${line.id}">${line.id.slice(0, 8)}</a>`}</td>
              <td class="text">${describeLine(line)}</td>
            </tr>
          `,
        )}
      <//>
      ${(onlyRefused ? refused : lines).length > SHOWN && html`<p class="quiet">The first ${SHOWN} are shown.</p>`}
    <//>
  `;
}

/** @param {LoadedLine} line */
function describeLine(line) {
  if (line.error) return line.error;
  const parts = [line.existing ? "known already" : "new"];
  if (line.existing) parts.push(`${formatCount(line.added_identifiers, "identifier")} and ${formatCount(line.added_enhancements, "enhancement")} added`);
  return [parts.join(": "), ...line.warnings].join(". ");
}

/**
 * Yield parts of a file of whole lines. The file is never in memory as a whole.
 *
 * @param {File} file
 * @returns {AsyncGenerator<{text: string, lines: number, bytes: number}>}
 */
async function* readParts(file) {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += value ?? "";
    if (!done && text.length < PART_BYTES) continue;
    const end = done ? text.length : text.lastIndexOf("\n") + 1;
    if (end > 0) {
      const part = text.slice(0, end);
      yield { text: part, lines: part.split("\n").length - 1, bytes: new Blob([part]).size };
      text = text.slice(end);
    }
    if (done) return;
  }
}
