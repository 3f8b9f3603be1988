// @ts-check

import { html } from "../html.js";
import { useApi, useLoad } from "../load.js";
import { findTitle, listIdentifiers, readTitle } from "../references.js";

/** The title of a reference with its identifiers and a link. The id stands in until it is read. @param {{id: string}} props */
export function ReferenceTitle({ id }) {
  const api = useApi();
  const { data, error } = useLoad(() => readTitle(api, id), [api, id]);
  const title = data ? (findTitle(data) ?? "No title") : error ? `Reference ${id.slice(0, 8)}` : "...";
  return html`
    <span class="reference-title">
      <a href="/console/references/${id}"><bdi>${title}</bdi></a>
      <span class="quiet">${data ? listIdentifiers(data).slice(0, 3).join(" · ") || id : id}</span>
    </span>
  `;
}
