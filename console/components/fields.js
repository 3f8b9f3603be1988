// @ts-check
// Fields of forms. Each has a visible label.

import { html, useId, useRef } from "../html.js";

/**
 * @param {object} props
 * @param {string} props.label
 * @param {string} [props.hint]
 * @param {string} [props.type]
 * @param {string | number} props.value
 * @param {(value: string) => void} props.onChange Called while the user types.
 * @param {boolean} [props.isRequired]
 * @param {number} [props.maxLength]
 * @param {string} [props.placeholder]
 */
export function TextField({ label, hint, type = "text", value, onChange, isRequired, maxLength, placeholder }) {
  const id = useId();
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <input
        id=${id}
        type=${type}
        step=${type === "number" ? "any" : undefined}
        value=${value}
        required=${isRequired}
        maxlength=${maxLength}
        placeholder=${placeholder}
        aria-describedby=${hint ? `${id}-hint` : undefined}
        onInput=${(/** @type {any} */ event) => onChange(event.currentTarget.value)}
      />
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>
  `;
}

/**
 * @param {object} props
 * @param {string} props.label
 * @param {string} [props.hint]
 * @param {string} props.value
 * @param {[string, string][]} props.options Value and text of each.
 * @param {(value: string) => void} props.onChange
 * @param {boolean} [props.isRequired]
 */
export function SelectField({ label, hint, value, options, onChange, isRequired }) {
  const id = useId();
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <select
        id=${id}
        value=${value}
        required=${isRequired}
        aria-describedby=${hint ? `${id}-hint` : undefined}
        onChange=${(/** @type {any} */ event) => onChange(event.currentTarget.value)}
      >
        ${options.map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}
      </select>
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>
  `;
}

/** @param {{label: string, hint?: string, value: string, rows?: number, onChange: (value: string) => void}} props */
export function TextArea({ label, hint, value, rows = 6, onChange }) {
  const id = useId();
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <textarea
        id=${id}
        rows=${rows}
        value=${value}
        spellcheck=${false}
        aria-describedby=${hint ? `${id}-hint` : undefined}
        onInput=${(/** @type {any} */ event) => onChange(event.currentTarget.value)}
      ></textarea>
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>
  `;
}

/** @param {{label: any, hint?: string, isChecked: boolean, onChange: (isChecked: boolean) => void}} props */
export function CheckBox({ label, hint, isChecked, onChange }) {
  const id = useId();
  return html`
    <div class="field check">
      <input
        id=${id}
        type="checkbox"
        checked=${isChecked}
        aria-describedby=${hint ? `${id}-hint` : undefined}
        onChange=${(/** @type {any} */ event) => onChange(event.currentTarget.checked)}
      />
      <label for=${id}>${label}</label>
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>
  `;
}

/**
 * A field for files: by choosing or by dropping them. A file that is used at once can be chosen again.
 *
 * @param {{label: string, hint?: string, accept?: string, isDisabled?: boolean, isUsedAtOnce?: boolean, onFile: (file: File) => void}} props
 */
export function FileField({ label, hint, accept, isDisabled, isUsedAtOnce, onFile }) {
  const id = useId();
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const take = (/** @type {FileList | null | undefined} */ files) => files?.[0] && onFile(files[0]);
  return html`
    <div
      class="field drop"
      onDragOver=${(/** @type {DragEvent} */ event) => event.preventDefault()}
      onDrop=${(/** @type {DragEvent} */ event) => {
        event.preventDefault();
        const files = event.dataTransfer?.files;
        if (isDisabled || !files?.length) return;
        // The field names the file, as if it was chosen.
        if (input.current) input.current.files = files;
        take(files);
      }}
    >
      <label for=${id}>${label}</label>
      <input
        ref=${input}
        id=${id}
        type="file"
        disabled=${isDisabled}
        accept=${accept}
        aria-describedby=${hint ? `${id}-hint` : undefined}
        onClick=${(/** @type {any} */ event) => isUsedAtOnce && (event.currentTarget.value = "")}
        onChange=${(/** @type {any} */ event) => take(event.currentTarget.files)}
      />
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>
  `;
}
