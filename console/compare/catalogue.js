// @ts-check
// The references that are compared, as `exchange/compare/catalogue.py`: how those of both sides are matched, and their
// titles.

import { InputRejected } from "./errors.js";

/**
 * An identifier as the API has it.
 * @typedef {{identifier_type: string, identifier: string | number, other_identifier_name?: string}} Identifier
 */
/**
 * What the comparison needs of a reference. The id is null if it is not known.
 * @typedef {{id: string | null, identifiers: Identifier[], title: string | null}} KnownReference
 */

/**
 * Return a text that is the same for the same identifier. DOIs are case-insensitive.
 * @param {Identifier} identifier
 */
export function makeIdentifierKey({ identifier_type: type, identifier, other_identifier_name: name }) {
  const value = String(identifier);
  return JSON.stringify([type, type === "other" ? name : "", type === "doi" ? value.toLowerCase() : value]);
}

/**
 * The key of each reference, which is the same on both sides.
 *
 * The key is the id of the reference. A reference without an id gets the key of the known reference with which it
 * shares an identifier. If there is none, its first identifier is the key.
 */
export class Catalogue {
  /** @type {Map<string, string>} */
  #titles = new Map();
  /** @type {Map<string, string>} */
  #byIdentifier = new Map();
  /** @type {Set<string>} */
  #ids = new Set();

  /**
   * Remember the reference and return its key. Null if it has neither an id nor an identifier.
   *
   * Throws InputRejected if a reference with an id comes after one without an id that has the same identifier.
   * @param {KnownReference} reference
   * @returns {string | null}
   */
  add({ id, identifiers, title }) {
    const names = identifiers.map(makeIdentifierKey);
    const known = names.map((name) => this.#byIdentifier.get(name)).find((key) => key !== undefined);
    const key = id ?? known ?? (identifiers.length ? describeIdentifier(identifiers[0]) : null);
    if (key === null) return null;
    if (id !== null) {
      if (known !== undefined && !this.#ids.has(known)) {
        throw new InputRejected(
          `Reference ${id} has the same identifier as a reference without an id that was read before it. ` +
            "Read the references with ids first.",
        );
      }
      this.#ids.add(id);
    }
    for (const name of names) if (!this.#byIdentifier.has(name)) this.#byIdentifier.set(name, key);
    if (title && !this.#titles.has(key)) this.#titles.set(key, title);
    return key;
  }

  /**
   * Return the title of a reference, if it is known.
   * @param {string} key
   * @returns {string | null}
   */
  findTitle(key) {
    return this.#titles.get(key) ?? null;
  }
}

/** @param {Identifier} identifier */
function describeIdentifier({ identifier_type: type, identifier, other_identifier_name: name }) {
  return `${type === "other" ? name : type} '${identifier}'`;
}
