// @ts-check
// One reference: what is known of it, and what robots added, newest first.

import { Commands, Copyable, writeCommand } from "../components/command.js";
import { ErrorMessage, Loading } from "../components/feedback.js";
import { Facts, Screen, Section } from "../components/layout.js";
import { RobotName, Time } from "../components/values.js";
import { html, useState } from "../html.js";
import { useAction, useApi, useLoad, useRobots } from "../load.js";
import { findContent, findTitle, nameType } from "../references.js";
import { Content } from "./enhancement_content.js";

/** @typedef {import("../models.js").Reference} Reference */
/** @typedef {import("../models.js").Enhancement} Enhancement */

/** @param {{id: string}} props */
export function ReferenceScreen({ id }) {
  const api = useApi();
  const path = `/references/${id}/`;
  const { data, error, reload } = useLoad(
    async (signal) => /** @type {Reference} */ (await api.get(path, {}, signal)),
    [api, id],
  );
  if (!data) {
    return html`
      <${Screen} title="Reference">
        ${error ? html`<${ErrorMessage} error=${error} retry=${reload} />` : html`<${Loading} lines=${10} />`}
      <//>
    `;
  }
  const title = findTitle(data) ?? "A reference without a title";
  return html`
    <${Screen} title=${title.slice(0, 100)} heading=${html`<bdi>${title}</bdi>`}>
      <${About} reference=${data} />
      <${Enhancements} reference=${data} />
      <${Commands} command=${writeCommand("references", "show", id)} call=${{ method: "GET", path }} />
    <//>
  `;
}

/** @param {{reference: Reference}} props */
function About({ reference }) {
  const bibliographic = findContent(reference, "bibliographic");
  const abstract = findContent(reference, "abstract");
  const authors = (bibliographic?.authorship ?? []).map((/** @type {any} */ author) => author.display_name);
  return html`
    <${Section} title="About it">
      ${abstract && html`<p class="abstract" dir="auto">${abstract.abstract}</p>`}
      <${Facts}
        pairs=${[
          ["Authors", authors.slice(0, 30).join(", ") + (authors.length > 30 ? " and others" : "")],
          ["Year", bibliographic?.publication_year],
          ["Published in", bibliographic?.publication_venue?.display_name],
          ["Publisher", bibliographic?.publisher],
          ...(reference.identifiers ?? []).map((identifier) => /** @type {[string, any]} */ ([nameType(identifier), html`<${Identifier} identifier=${identifier} />`])),
          ["Id", html`<${Copyable} text=${reference.id} label="the id" isShort />`],
          ["Visibility", reference.visibility === "public" ? null : reference.visibility],
        ]}
      />
    <//>
  `;
}

/** @type {Record<string, (identifier: string) => string>} */
const ADDRESSES = {
  doi: (doi) => `https://doi.org/${encodeURI(doi)}`,
  pm_id: (id) => `https://pubmed.ncbi.nlm.nih.gov/${id}/`,
  open_alex: (id) => `https://openalex.org/${id}`,
};

/** @param {{identifier: any}} props */
function Identifier({ identifier: { identifier, identifier_type: type } }) {
  const address = ADDRESSES[type]?.(String(identifier));
  return address ? html`<a href=${address} target="_blank" rel="noopener noreferrer">${identifier}</a>` : html`<span>${identifier}</span>`;
}

/** @param {{reference: Reference}} props */
function Enhancements({ reference }) {
  const api = useApi();
  const robots = useRobots();
  const [older, setOlder] = useState(/** @type {Enhancement[]} */ ([]));
  const [continuation, setContinuation] = useState(reference.enhancements_continuation);
  const { run, isRunning, error } = useAction(async () => {
    const page = await api.get(`/references/${reference.id}/`, { continuation });
    setOlder([...older, ...(page.enhancements ?? [])]);
    setContinuation(page.enhancements_continuation);
  });
  const all = [...(reference.enhancements ?? []), ...older];
  return html`
    <${Section} title="Enhancements, newest first">
      ${!all.length && html`<p class="quiet">There are none yet.</p>`}
      <ol class="enhancements">
        ${all.map((enhancement, index) => html`<li key=${index}><${EnhancementItem} enhancement=${enhancement} robots=${robots} /></li>`)}
      </ol>
      <${ErrorMessage} error=${error} />
      ${continuation && html`<button type="button" disabled=${isRunning} onClick=${() => run()}>Show older ones</button>`}
    <//>
  `;
}

/** @param {{enhancement: Enhancement, robots: Map<string, any> | undefined}} props */
function EnhancementItem({ enhancement, robots }) {
  const { content, source, robot_version: version, created_at: time, batch_request_id: batch, robot_id: robot } = enhancement;
  return html`
    <h3>${content.enhancement_type}</h3>
    <${Content} content=${content} />
    <p class="quiet">
      by ${robot ? html`<${RobotName} robots=${robots} id=${robot} />` : source}${version ? ` ${version}` : ""}${time && html`, <${Time} time=${time} />`}
      ${batch ? html`, in <a href="/console/batches/${batch}">batch ${batch.slice(0, 8)}</a>` : ", loaded with the reference"}
    </p>
  `;
}
