// @ts-check

import { html, useId, useLayoutEffect, useRef } from "../html.js";
import { ErrorMessage } from "./feedback.js";

/**
 * A question with an action. It is shown as long as the component exists. The browser keeps the focus inside, and
 * Escape closes it.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.confirm What the button says.
 * @param {() => void} props.onConfirm
 * @param {() => void} props.onClose
 * @param {boolean} [props.isRunning]
 * @param {boolean} [props.isDisabled]
 * @param {boolean} [props.isDone] Nothing is left to confirm.
 * @param {boolean} [props.isDangerous]
 * @param {Error | null} [props.error]
 * @param {any} [props.children]
 */
export function Dialog({ title, confirm, onConfirm, onClose, isRunning, isDisabled, isDone, isDangerous, error, children }) {
  const id = useId();
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  // Before the browser handles another key, so that the focus returns to where it was.
  useLayoutEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  // The browser's own closing reports itself later: a key that is pressed before would not open the dialog again.
  const cancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    onClose();
  };
  // It also comes after the component is gone. The dialog may be shown again by then.
  const reportClosed = (/** @type {Event} */ { target }) => {
    if (/** @type {HTMLElement} */ (target).isConnected) onClose();
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onConfirm();
  };
  return html`
    <dialog ref=${dialog} aria-labelledby=${id} onCancel=${cancel} onClose=${reportClosed}>
      <form onSubmit=${submit}>
        <h2 id=${id}>${title}</h2>
        ${children}
        <${ErrorMessage} error=${error ?? null} />
        <div class="actions">
          <button type="button" onClick=${onClose}>Close</button>
          ${!isDone && html`<button type="submit" class=${isDangerous ? "danger" : "primary"} disabled=${isRunning || isDisabled}>${isRunning ? "Working ..." : confirm}</button>`}
        </div>
      </form>
    </dialog>
  `;
}
