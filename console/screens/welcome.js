// @ts-check

import { html, useState } from "../html.js";

/** What users see before they have signed in. @param {{signIn: () => Promise<void>, error: Error | null}} props */
export function Welcome({ signIn, error }) {
  const [failure, setFailure] = useState(error);
  const [isLeaving, setIsLeaving] = useState(false);
  const leave = async () => {
    setIsLeaving(true);
    try {
      await signIn();
    } catch (caught) {
      setFailure(/** @type {Error} */ (caught));
      setIsLeaving(false);
    }
  };
  return html`
    <main class="welcome">
      <h1>Enhancement Exchange</h1>
      <p>Robots enhance bibliographic references: they classify them, find abstracts, and tag topics. Here you ask for
        enhancements, follow them, and read the results.</p>
      ${failure && html`<div class="message bad" role="alert"><p>${failure.message}</p></div>`}
      <button type="button" class="primary" disabled=${isLeaving} onClick=${leave}>
        ${isLeaving ? "Opening the sign-in page ..." : "Sign in"}
      </button>
      <p class="quiet"><a href="/docs">The API</a> does the same for programs.</p>
    </main>
  `;
}
