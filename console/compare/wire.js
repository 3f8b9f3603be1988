// @ts-check
// The parts of the API's objects that a comparison needs, read strictly. The other parts are not checked: the exchange
// did that for its own files, and does it when references are loaded.

import { InputRejected } from "./errors.js";
import { strip } from "./text.js";

/** @typedef {import("./catalogue.js").Identifier} Identifier */
/** @typedef {import("./labelling.js").Annotation} Annotation */
/** @typedef {{source: string, annotations: Annotation[], title: string | null}} Content */

const MAX_INTEGER = 2 ** 53;
const UUID4 = /^[0-9a-f]{12}4[0-9a-f]{19}$/;
const UUID_FORMS = /^(?:urn:uuid:|\{)?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})\}?$/;
const DOI = /^10\.[0-9]{4,9}\/[-._;()/:a-zA-Z0-9%<>[\]+&]+$/;
const DOI_PREFIX = /^(?:https?:\/\/(?:dx\.|www\.)?doi\.org\/|doi:)/i;
const CONTENT_TYPES = new Set(["bibliographic", "abstract", "annotation", "location"]);

/**
 * Return the object that a line has. Throws InputRejected.
 * @param {string} line
 * @returns {Record<string, unknown>}
 */
export function parseObject(line) {
  let value;
  try {
    value = JSON.parse(line);
  } catch {
    throw new InputRejected("it is not JSON");
  }
  return readObject(value, "it");
}

/**
 * Return the id in the form of the exchange. Throws InputRejected.
 * @param {unknown} value
 * @param {string} path
 */
export function readId(value, path) {
  const found = UUID_FORMS.exec(readText(value, path).toLowerCase());
  const digits = found ? found[1].replaceAll("-", "") : "";
  if (!UUID4.test(digits)) throw new InputRejected(`${path}: must be a version 4 UUID`);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Return what the comparison needs of an enhancement. Throws InputRejected.
 * @param {unknown} value
 * @param {string} path
 * @returns {Content}
 */
export function readEnhancement(value, path) {
  const enhancement = readObject(value, path || "it");
  const prefix = path && `${path}.`;
  const source = readText(enhancement.source, `${prefix}source`);
  const content = readObject(enhancement.content, `${prefix}content`);
  const type = content.enhancement_type;
  if (typeof type !== "string" || !CONTENT_TYPES.has(type)) {
    throw new InputRejected(`${prefix}content.enhancement_type: must be one of ${[...CONTENT_TYPES].join(", ")}`);
  }
  const title = type === "bibliographic" ? readOptionalText(content.title, `${prefix}content.title`) : null;
  const annotations = type === "annotation" ? readAnnotations(content.annotations, `${prefix}content.annotations`) : [];
  return { source, annotations, title };
}

/**
 * @param {unknown} value
 * @param {string} path
 */
function readAnnotations(value, path) {
  const items = readList(value, path);
  if (!items.length) throw new InputRejected(`${path}: must have at least one item`);
  return items.map((item, index) => readAnnotation(readObject(item, `${path}.${index}`), `${path}.${index}`));
}

/**
 * @param {Record<string, unknown>} annotation
 * @param {string} path
 * @returns {Annotation}
 */
function readAnnotation(annotation, path) {
  const scheme = readText(annotation.scheme, `${path}.scheme`);
  const label = readText(annotation.label, `${path}.label`);
  if (annotation.annotation_type === "score") {
    return { scheme, label, value: null, score: readScore(annotation.score, `${path}.score`) };
  }
  if (annotation.annotation_type !== "boolean") {
    throw new InputRejected(`${path}.annotation_type: must be boolean or score`);
  }
  if (typeof annotation.value !== "boolean") throw new InputRejected(`${path}.value: must be true or false`);
  const score = annotation.score ?? null;
  return { scheme, label, value: annotation.value, score: score === null ? null : readScore(score, `${path}.score`) };
}

/**
 * Return the identifiers of a reference. Throws InputRejected.
 * @param {unknown} value
 * @returns {Identifier[]}
 */
export function readIdentifiers(value) {
  return readList(value ?? [], "identifiers").map((item, index) => readIdentifier(item, `identifiers.${index}`));
}

/**
 * Return the identifier, a DOI without the address of a resolver. Throws InputRejected.
 * @param {unknown} item
 * @param {string} path
 * @returns {Identifier}
 */
export function readIdentifier(item, path) {
  const { identifier_type: type, identifier, other_identifier_name: name } = readObject(item, path);
  if (type === "other") {
    return {
      identifier_type: type,
      identifier: readText(identifier, `${path}.identifier`),
      other_identifier_name: readText(name, `${path}.other_identifier_name`),
    };
  }
  if (type === "pm_id" && Number.isInteger(identifier) && Number(identifier) > 0 && Number(identifier) <= MAX_INTEGER) {
    return { identifier_type: type, identifier: Number(identifier) };
  }
  if (type === "doi" && typeof identifier === "string") {
    const doi = strip(strip(identifier).replace(DOI_PREFIX, ""));
    if (DOI.test(doi)) return { identifier_type: type, identifier: doi };
  }
  if (type === "open_alex" && typeof identifier === "string" && /^W[0-9]+$/.test(identifier)) {
    return { identifier_type: type, identifier };
  }
  throw new InputRejected(`${path}: must be a valid identifier of the type doi, pm_id, open_alex or other`);
}

/**
 * @param {unknown} value
 * @param {string} path
 * @returns {unknown[]}
 */
export function readList(value, path) {
  if (!Array.isArray(value)) throw new InputRejected(`${path}: must be a list`);
  return value;
}

/**
 * @param {unknown} value
 * @param {string} path
 */
function readScore(value, path) {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new InputRejected(`${path}: must be a number`);
  return value;
}

/**
 * @param {unknown} value
 * @param {string} path
 * @returns {Record<string, unknown>}
 */
function readObject(value, path) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputRejected(`${path}: must be a JSON object`);
  }
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * @param {unknown} value
 * @param {string} path
 */
function readText(value, path) {
  if (typeof value !== "string" || !value.isWellFormed()) throw new InputRejected(`${path}: must be text`);
  return value;
}

/**
 * @param {unknown} value
 * @param {string} path
 */
function readOptionalText(value, path) {
  return value === undefined || value === null ? null : readText(value, path);
}
