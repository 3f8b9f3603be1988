// @ts-check

import { html } from "../html.js";

/** A link to what an alert means, further down the page. It opens that part first. @param {{alert: string, children?: any}} props */
export function RunbookLink({ alert, children }) {
  const open = () => {
    const details = document.getElementById(alert)?.closest("details");
    if (details) details.open = true;
  };
  return html`<a href="#${alert}" onClick=${open}>${children}</a>`;
}
