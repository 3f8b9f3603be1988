// @ts-check
// Which keywords are labels, as `exchange/cli/labels.py`.

import { nameLabel } from "./labelling.js";
import { simplifyName } from "./tags.js";

/** @typedef {import("./labelling.js").Annotation} Annotation */
/** @typedef {import("./labelling.js").Label} Label */
/** @typedef {import("./tags.js").Tag} Tag */

/** Which keywords are labels: those of the batch's schemes, of an export, and of the mapping. */
export class LabelNames {
  /** @type {Map<string, Label>} */
  #labels = new Map();
  /** @type {string[]} */
  #schemes;
  /** @type {string[]} */
  #mapping;

  /**
   * @param {import("./labelling.js").Labelling} judged
   * @param {string[]} mapping
   */
  constructor(judged, mapping) {
    for (const { scheme, label } of judged.labels.values()) {
      this.#labels.set(simplifyName(nameLabel({ scheme, label })), { scheme, label });
    }
    // The longest first, because a scheme may contain a colon.
    this.#schemes = [...judged.judged.keys()].sort((one, other) => [...other].length - [...one].length);
    this.#mapping = mapping.map(simplifyName);
  }

  /**
   * Return the annotation of a keyword. An empty list if the keyword is not known as a label.
   * @param {Tag} tag
   * @returns {Annotation[]}
   */
  label(tag) {
    const label = this.#find(tag);
    return label ? [{ ...label, value: tag.value, score: tag.score }] : [];
  }

  /**
   * @param {Tag} tag
   * @returns {Label | null}
   */
  #find(tag) {
    const name = simplifyName(tag.name);
    const known = this.#labels.get(name);
    if (known) return known;
    for (const scheme of this.#schemes) {
      const start = `${simplifyName(scheme)}:`;
      if (name.startsWith(start)) return { scheme, label: name.slice(start.length) };
    }
    if (!tag.robot && !this.#mapping.some((text) => text.startsWith(`${name}=`))) return null;
    const place = tag.name.lastIndexOf(":");
    return { scheme: tag.name.slice(0, Math.max(place, 0)), label: tag.name.slice(place + 1) };
  }
}
