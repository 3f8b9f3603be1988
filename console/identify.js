// @ts-check
// Finding reference ids and identifiers in what a user pastes or drops.

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/gi;
// What the exchange accepts as a DOI. A full stop or a bracket at its end belongs to the text around it.
const DOI = /\b10\.[0-9]{4,9}\/[-._;()/:a-z0-9%<>[\]+&]+/gi;
const PUNCTUATION = ".,;:";
const BRACKETS = ["()", "[]", "<>"];
const OPEN_ALEX = /\bW[0-9]{5,}\b/g;
const PUBMED = /^\s*(?:PMID\s*[-:]?\s*|https?:\/\/pubmed\.ncbi\.nlm\.nih\.gov\/)?([1-9][0-9]{0,8})\/?\s*$/i;
// Tags of RIS and NBIB, and fields of BibTeX, that may have the identifier of the record itself. Others may cite.
const RECORD_LINE = /^(?:DO|M3|UR|L[1-4]|LID|AID|AN|PMID) *- |^\s*(?:doi|url|pmid)\s*=/i;
const TAGGED_FILE = /^(?:TY|PMID) *- |^[ \t]*@[a-z]+\s*\{/im;
// The first line of a table with semicolons, which DOIs may also have.
const SEMICOLON_HEADER = /^(?:[^\r\n]*;)?\s*"?doi"?\s*;|^[^\r\n]*;\s*"?doi"?\s*[\r\n]/i;
const PUBMED_TAG = /^PMID *- *([1-9][0-9]*)|^\s*pmid\s*=\s*[{"]?([1-9][0-9]*)/i;

/** @typedef {{identifier: string | number, identifier_type: string, other_identifier_name?: string}} Identifier */

/**
 * Return the ids of references and the identifiers in a text, each once, in their order.
 *
 * A JSON line counts with its `id`, or with its first identifier. In RIS, NBIB and BibTeX only the fields count that
 * identify the record. Elsewhere each line may have an id, a DOI, an OpenAlex id, or be a PubMed id.
 *
 * @param {string} text
 * @returns {{ids: string[], identifiers: Identifier[]}}
 */
export function findIdentifiers(text) {
  /** @type {Set<string>} */
  const ids = new Set();
  /** @type {Map<string, Identifier>} */
  const identifiers = new Map();
  const add = (/** @type {Identifier} */ found) =>
    identifiers.set(`${found.identifier_type} ${String(found.identifier).toLowerCase()}`, found);
  const isTagged = TAGGED_FILE.test(text);
  const hasSemicolons = SEMICOLON_HEADER.test(text);
  for (const row of text.split(/\r\n|\r|\n/)) {
    const line = hasSemicolons ? row.replaceAll(";", " ; ") : row;
    if (!line.trim() || (isTagged && !RECORD_LINE.test(line))) continue;
    const object = parseObject(line);
    if (object) {
      addObject(object, ids, add);
    } else if (isTagged) {
      const [, tag, field] = PUBMED_TAG.exec(line) ?? [];
      if (tag || field) add({ identifier_type: "pm_id", identifier: Number(tag ?? field) });
      else addDois(line, add);
    } else {
      addLine(line, ids, add);
    }
  }
  return { ids: [...ids], identifiers: [...identifiers.values()] };
}

/** @param {string} line @returns {any} */
function parseObject(line) {
  if (!line.trimStart().startsWith("{")) return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** @param {any} object @param {Set<string>} ids @param {(found: Identifier) => void} add */
function addObject(object, ids, add) {
  const id = object.reference_id ?? object.id;
  if (typeof id === "string" && id.match(UUID)) ids.add(id.toLowerCase());
  else if (object.identifiers?.[0]) add(object.identifiers[0]);
}

/** @param {string} line @param {Set<string>} ids @param {(found: Identifier) => void} add */
function addLine(line, ids, add) {
  // A DOI can end with a UUID.
  const found = line.replace(DOI, " ").match(UUID);
  if (found) {
    for (const id of found) ids.add(id.toLowerCase());
    return;
  }
  if (addDois(line, add)) return;
  const works = line.match(OPEN_ALEX) ?? [];
  for (const work of works) add({ identifier_type: "open_alex", identifier: work });
  const [, pubmed] = PUBMED.exec(line) ?? [];
  if (pubmed) add({ identifier_type: "pm_id", identifier: Number(pubmed) });
}

/** @param {string} line @param {(found: Identifier) => void} add */
function addDois(line, add) {
  const dois = (line.match(DOI) ?? []).map(trimDoi);
  for (const doi of dois) add({ identifier_type: "doi", identifier: doi });
  return dois.length > 0;
}

/** Remove punctuation of the text around a DOI: `(10.1/x)` and `10.1/x.` @param {string} doi */
function trimDoi(doi) {
  const unopened = new Map(BRACKETS.map(([open, close]) => [close, doi.split(close).length - doi.split(open).length]));
  let end = doi.length;
  for (; end > 0; end -= 1) {
    const last = doi[end - 1];
    const count = unopened.get(last) ?? 0;
    if (count > 0) unopened.set(last, count - 1);
    else if (!PUNCTUATION.includes(last)) break;
  }
  return doi.slice(0, end);
}
