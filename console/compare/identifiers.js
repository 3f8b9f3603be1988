// @ts-check
// Identifiers in the files of people, as `exchange/formats/values.py` and `exchange/formats/to_reference.py` find them.

import { InputRejected } from "./errors.js";
import { readIdentifier } from "./wire.js";

/** @typedef {import("./catalogue.js").Identifier} Identifier */

const PUBMED_URL = /^https?:\/\/(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov\/pubmed)\/(\d+)\/?/;
const OPEN_ALEX_URL = /^https?:\/\/(?:api\.)?openalex\.org\/(?:works\/)?(W\d+)/i;
const DOI_URL = /^https?:\/\/(?:dx\.|www\.)?doi\.org\/(10\..+)/i;
const PUBMED_ID = /^[+-]?[0-9]+(?:_[0-9]+)*$/;
// The annotation for a label, relevant or irrelevant, that a file already has.
export const SCREENING = { scheme: "screening", label: "included" };

/**
 * Return the first identifier of each kind in the addresses, empty if there is none, and the other addresses.
 *
 * An address in PubMed or OpenAlex adds nothing else.
 * @param {string[]} urls
 */
export function findLinks(urls) {
  const links = { doi: "", pm_id: "", open_alex: "", urls: /** @type {string[]} */ ([]) };
  for (const url of urls) {
    const [pubMed, openAlex, doi] = [PUBMED_URL, OPEN_ALEX_URL, DOI_URL].map((pattern) => pattern.exec(url)?.[1] ?? "");
    if (pubMed) links.pm_id ||= pubMed;
    else if (openAlex) links.open_alex ||= openAlex.toUpperCase();
    else {
      links.doi ||= doi;
      if (!links.urls.includes(url)) links.urls.push(url);
    }
  }
  return links;
}

/**
 * Return the number as Python reads it, or the text if it is not one.
 * @param {string} text
 */
export function makePubMedId(text) {
  return PUBMED_ID.test(text) ? Number(text.replaceAll("_", "")) : text;
}

/**
 * Return the identifiers that are valid.
 * @param {Identifier[]} found
 * @returns {Identifier[]}
 */
export function keepValid(found) {
  return found.flatMap((identifier) => {
    try {
      return [readIdentifier(identifier, "")];
    } catch (error) {
      if (error instanceof InputRejected) return [];
      throw error;
    }
  });
}
