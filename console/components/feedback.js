// @ts-check
// What tells the user what is going on: errors, empty states, announcements.

import { html, useEffect, useRef, useState } from "../html.js";
import { useSession } from "../load.js";
import { SignInExpired, signIn } from "../session.js";

/**
 * An error, in the sentences of the API.
 *
 * @param {{error: Error | null, title?: string, retry?: () => void}} props
 */
export function ErrorMessage({ error, title, retry }) {
  // The sign-in is asked for in one place: see `SignInAgain`.
  if (!error || error instanceof SignInExpired) return null;
  const sentences = /** @type {any} */ (error).errors ?? [];
  return html`
    <div class="message bad" role="alert">
      ${title && html`<p class="message-title">${title}</p>`}
      ${sentences.length > 1
        ? html`<ul>${sentences.slice(0, 20).map((/** @type {string} */ sentence) => html`<li>${sentence}</li>`)}</ul>`
        : html`<p>${error.message}</p>`}
      ${retry && html`<button type="button" onClick=${retry}>Try again</button>`}
    </div>
  `;
}

/** A note that is not an error. @param {{tone?: "neutral" | "good" | "mixed", children?: any}} props */
export function Note({ tone = "neutral", children }) {
  return html`<div class="message ${tone}" role="status">${children}</div>`;
}

/** What is shown where there is no data yet, and what to do first. @param {{title: string, children?: any}} props */
export function Empty({ title, children }) {
  return html`<div class="empty"><h2>${title}</h2>${children}</div>`;
}

/** Placeholder of the same height as what is loaded. @param {{lines?: number}} props */
export function Loading({ lines = 6 }) {
  return html`<div class="loading" role="status" aria-label="Loading">${Array.from({ length: lines }, () => html`<span></span>`)}</div>`;
}

/** Asks the user to sign in again when the sign-in has expired. The page stays as it is until then. */
export function SignInAgain() {
  const session = useSession();
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [isExpired, setIsExpired] = useState(false);
  useEffect(() => {
    session.onExpired(() => setIsExpired(true));
  }, [session]);
  useEffect(() => {
    if (isExpired && !dialog.current?.open) dialog.current?.showModal();
  }, [isExpired]);
  return html`
    <dialog ref=${dialog} aria-labelledby="sign-in-again" onClose=${() => setIsExpired(false)}>
      <h2 id="sign-in-again">Your sign-in has expired</h2>
      <p>Sign in again to go on. You come back to this page.</p>
      <div class="actions">
        <button type="button" onClick=${() => dialog.current?.close()}>Not now</button>
        <button type="button" class="primary" onClick=${signIn}>Sign in</button>
      </div>
    </dialog>
  `;
}
