// @ts-check

import { html, useEffect, useRef } from "../html.js";
import { Copyable } from "./command.js";

/**
 * A secret, which is shown once.
 *
 * @param {{title: string, values: [string, string][], close: () => void, children?: any}} props
 */
export function SecretOnce({ title, values, close, children }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus(), []);
  return html`
    <section class="panel secret" aria-label=${title}>
      <h2 ref=${heading} tabindex="-1">${title}</h2>
      <p><b>Copy the secret now.</b> It is never shown again.</p>
      ${values.map(([name, value]) => html`<p key=${name}>${name}</p><${Copyable} text=${value} label=${name} />`)}
      ${children}
      <button type="button" class="primary" onClick=${close}>I have copied it</button>
    </section>
  `;
}
