// @ts-check
// RIS, as `exchange/formats/ris.py` reads it.

import { findLinks } from "./identifiers.js";
import { collapse, SPACE } from "./text.js";
import { findAsreviewLabel, findDate, findYear, splitIssns, splitPages } from "./values.js";

/** @typedef {import("./tagged.js").TaggedRecord} TaggedRecord */
/** A reference as a file has it, with the names of `exchange/formats/record.py`. @typedef {ReturnType<typeof makeRecord>} RisRecord */

const URL_ENDS = new RegExp(`(?<![${SPACE};])[${SPACE};]+(?=https?://)`);
const TITLES = ["TI", "T1", "CT", "BT"];
const ABSTRACTS = ["AB", "N2"];
const JOURNALS = ["T2", "JF", "JO", "JA", "J2", "J1"];
const DATES = ["DA", "Y1", "PY"];

/**
 * Return the record with these fields.
 * @param {[string, string][]} raw
 */
export function makeRecord(raw) {
  /** @type {Map<string, string[]>} */
  const values = new Map();
  for (const [tag, value] of raw) {
    if (!value) continue;
    if (!values.has(tag)) values.set(tag, []);
    values.get(tag)?.push(value);
  }
  /** @param {string[]} tags */
  const find = (...tags) => tags.map((tag) => values.get(tag)).find(Boolean)?.[0] ?? "";
  /** @param {string[]} tags */
  const first = (...tags) => collapse(find(...tags));
  /** @param {string} tag */
  const every = (tag) => (values.get(tag) ?? []).map(collapse);
  const links = findLinks(every("UR").flatMap((address) => address.split(URL_ENDS)));
  const accessions = findAccessions(first("AN"), first("DB", "DP"), first("U2"), first("C5"));
  const [firstPage, lastPage] = splitPages(first("SP"));
  const notes = every("N1");
  return {
    raw,
    cells: [],
    type: first("TY"),
    title: first(...TITLES),
    abstract: find(...ABSTRACTS),
    authors: values.has("AU") ? every("AU") : every("A1"),
    orcids: [],
    year: findYear(first("PY", "Y1", "DA")),
    date: DATES.map((tag) => findDate(first(tag))).find(Boolean) ?? "",
    journal: first(...JOURNALS),
    volume: first("VL"),
    issue: first("IS", "CP"),
    first_page: firstPage,
    last_page: lastPage || first("EP"),
    publisher: first("PB"),
    issns: splitIssns(every("SN").join(" ")),
    doi: first("DO") || links.doi,
    pm_id: accessions.pubMed || links.pm_id,
    open_alex: links.open_alex,
    other_ids: accessions.others,
    keywords: listKeywords(values.get("KW") ?? []),
    urls: links.urls,
    language: first("LA"),
    cited_by_count: null,
    notes,
    included: findAsreviewLabel(notes),
  };
}

/**
 * Return the PubMed id, and the name of another database with its identifier. A number without its database identifies
 * nothing.
 *
 * Embase has its own number in U2 (Embase.com) or AN (Ovid), and the PubMed id in C5.
 * @param {string} number
 * @param {string} database
 * @param {string} second
 * @param {string} fifth
 * @returns {{pubMed: string, others: [string, string][]}}
 */
function findAccessions(number, database, second, fifth) {
  const isNumber = (/** @type {string} */ text) => /^[0-9]+$/.test(text);
  if (/embase/i.test(database)) {
    const embase = second || number;
    return { pubMed: isNumber(fifth) ? fifth : "", others: embase ? [["embase", embase]] : [] };
  }
  if (/pubmed|medline/i.test(database)) return { pubMed: isNumber(number) ? number : "", others: [] };
  return { pubMed: "", others: number && database ? [[database.toLowerCase(), number]] : [] };
}

/**
 * Return the keywords. EndNote writes all of them into a single KW, a line each.
 * @param {string[]} values
 */
function listKeywords(values) {
  return (values.length === 1 ? values[0].split("\n") : values).map(collapse).filter(Boolean);
}
