// @ts-check
// Which column of a table holds what, as `exchange/formats/tables.py`. Only what a comparison needs is read.

import { DELIMITERS, findFirstLine, findSeparator, readLine, readRows, restoreCell, splitLines } from "./csv.js";
import { InputRejected } from "./errors.js";
import { findLinks, keepValid, makePubMedId, SCREENING } from "./identifiers.js";
import { collapse, splitWords, strip } from "./text.js";

/** @typedef {import("./catalogue.js").Identifier} Identifier */
/** @typedef {import("./labels.js").LabelFile} LabelFile */
/** @typedef {import("./labels.js").LabelledReference} LabelledReference */

/**
 * The names of columns for each field. The first one that a table has is used, and the next one where its cell is
 * empty.
 * @type {Record<string, string[]>}
 */
export const COLUMNS = {
  type: ["Type", "Publication Type", "Item Type", "Reference Type", "Document Type", "Type of reference"],
  title: [
    "Title",
    "Article Title",
    "Primary Title",
    "Document Title",
    "First Title",
    "TI",
    "Titel",
    "Artikeltitel",
    "Titel des Artikels",
    "Titre",
    "Titre de l'article",
    "Título",
    "Título del artículo",
    "Título do artigo",
  ],
  authors: [
    "Authors",
    "Author",
    "Author Names",
    "Author Full Names",
    "Author(s)",
    "First Authors",
    "AU",
    "Autoren",
    "Autor",
    "Autor(en)",
    "Autor:innen",
    "Verfasser",
    "Verfasser:innen",
    "Auteurs",
    "Auteur",
    "Auteur(s)",
    "Auteur.e.s",
    "Autores",
    "Autor(es)",
    "Autoría",
    "Autoria",
  ],
  year: [
    "Year",
    "Publication Year",
    "Year of publication",
    "PY",
    "Publication_Year",
    "Jahr",
    "Erscheinungsjahr",
    "Publikationsjahr",
    "Veröffentlichungsjahr",
    "Année",
    "Année de publication",
    "Año",
    "Año de publicación",
    "Ano",
    "Ano de publicação",
  ],
  date: ["Date", "Publication Date", "Date of publication"],
  journal: [
    "Journal",
    "Publication Title",
    "Source Title",
    "Journal Title",
    "Journal/Book",
    "Journal Name",
    "Container Title",
    "Secondary Title",
    "Source",
    "SO",
    "Zeitschrift",
    "Fachzeitschrift",
    "Zeitschriftentitel",
    "Titel der Zeitschrift",
    "Revue",
    "Titre de la revue",
    "Titre du périodique",
    "Périodique",
    "Revista",
    "Título de la revista",
    "Título da revista",
    "Periódico",
    "Título do periódico",
  ],
  volume: ["Volume", "VL"],
  issue: ["Issue", "Number", "Issue Number", "IS"],
  pages: ["Pages", "Page", "Page Range"],
  first_page: ["First Page", "Start Page", "Page start", "SP", "BP"],
  last_page: ["Last Page", "End Page", "Page end", "EP"],
  publisher: ["Publisher", "PU"],
  issns: ["ISSN", "ISSNs", "ISSN/ISBN", "eISSN", "Print ISSN", "SN"],
  doi: ["DOI", "DOI Link", "Digital Object Identifier", "DO", "DI", "DOI-Nummer", "Numéro DOI", "Número DOI"],
  pm_id: ["PMID", "PubMed ID", "PubMedID", "PM ID", "Medline PMID", "PM"],
  open_alex: ["OpenAlex", "OpenAlex ID", "OpenAlexId", "Work ID"],
  keywords: ["Keywords", "Author Keywords", "Manual Tags", "Automatic Tags", "Tags", "Keyword", "DE"],
  urls: ["URL", "URLs", "Link", "Links", "UR"],
  language: ["Language", "Language of original document", "LA"],
  notes: ["Notes", "Note"],
  included: [
    "asreview_label",
    "included",
    "label_included",
    "included_label",
    "included_final",
    "final_included",
    "included_flag",
    "include",
    "label",
  ],
  abstract: [
    "Abstract",
    "Abstract Note",
    "Abstract Text",
    "Abstracts",
    "AB",
    "Summary",
    "Zusammenfassung",
    "Kurzfassung",
    "Abstrakt",
    "Résumé",
    "Resumen",
    "Resumo",
  ],
};

const MAX_HEADER_CHARACTERS = 1 << 16;
const WHOLE_NUMBER = /^(\d+)\.0+$/;
/** @type {Record<string, boolean>} */
const INCLUDED = {
  1: true,
  true: true,
  yes: true,
  y: true,
  included: true,
  0: false,
  false: false,
  no: false,
  n: false,
  excluded: false,
};

/** Return the name without what does not count. Decomposed, an accent is a character of its own. @param {string} name */
function simplify(name) {
  return name.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "").toLowerCase();
}

/** @type {Map<string, {field: string, rank: number}>} */
const FIELDS = new Map(
  Object.entries(COLUMNS).flatMap(([field, names]) => names.map((name, rank) => [simplify(name), { field, rank }])),
);

/**
 * Return the labelled references of the text of a CSV or TSV file. Throws InputRejected if it is not a table.
 * @param {string} text
 * @param {{source: string, isDamaged?: (text: string) => boolean}} options
 * @returns {LabelFile}
 */
export function readTable(text, { source, isDamaged = () => false }) {
  const lines = splitLines(text);
  const first = findFirstLine(lines);
  const separator = findSeparator(lines[first] ?? "");
  const delimiter = separator ?? guessDelimiter(lines[first] ?? "");
  // The line with the separator is made blank, so that lines keep their numbers.
  if (separator) lines[first] = "\n";
  const rows = readRows(lines, delimiter, isDamaged);
  const header = rows.next().value;
  if (!header || header.reason) throw new InputRejected("The header of the table cannot be read.");
  const columns = new Columns(header.cells.map((cell) => restoreCell(strip(cell))));
  /** @type {LabelFile} */
  const file = { references: [], faults: [] };
  for (const { line, cells, reason } of rows) {
    const reference = reason ? null : columns.read(cells.map(restoreCell), source);
    if (reference) file.references.push(reference);
    else file.faults.push({ line, reason: reason || "The record has no title, no abstract and no valid identifier." });
  }
  return file;
}

/**
 * Return the delimiter that splits the header into the most columns of known names, else into the most columns.
 * @param {string} line
 */
function guessDelimiter(line) {
  const guesses = DELIMITERS.map((delimiter) => {
    const cells = readLine(line.slice(0, MAX_HEADER_CHARACTERS), delimiter);
    return { delimiter, known: cells.filter((cell) => FIELDS.has(simplify(cell))).length, width: cells.length };
  });
  // The sort is stable, so that the first of equal ones is used.
  return guesses.sort((one, other) => other.known - one.known || other.width - one.width)[0].delimiter;
}

class Columns {
  /** @param {string[]} header */
  constructor(header) {
    /** @type {{field: string, rank: number, place: number}[]} */
    const known = header.flatMap((name, place) => {
      const column = FIELDS.get(simplify(name));
      return column ? [{ ...column, place }] : [];
    });
    known.sort((one, other) => one.rank - other.rank || one.place - other.place);
    this.known = known;
    if (!known.some(({ field }) => ["title", "abstract", "doi", "pm_id", "open_alex"].includes(field))) {
      throw new InputRejected(
        `No column for the title, the abstract or an identifier was found in: ${header.join(", ")}.`,
      );
    }
  }

  /**
   * Return the reference of a row. Null if it has nothing by which it could be known.
   * @param {string[]} cells
   * @param {string} source
   * @returns {LabelledReference | null}
   */
  read(cells, source) {
    /** @param {string} field */
    const find = (field) => {
      const values = this.known
        .filter((column) => column.field === field)
        .map(({ place }) => strip(cells[place] ?? ""));
      return values.find(Boolean) ?? "";
    };
    const identifiers = listIdentifiers(find);
    const title = collapse(find("title")) || null;
    if (!identifiers.length && !title && !find("abstract")) return null;
    const included = INCLUDED[findNumber(find("included")).toLowerCase()];
    const annotations = included === undefined ? [] : [{ ...SCREENING, value: included, score: null }];
    return { id: null, identifiers, title, enhancements: annotations.length ? [{ source, annotations }] : [] };
  }
}

/**
 * Return the cell without the decimals that Excel adds to whole numbers.
 * @param {string} cell
 */
function findNumber(cell) {
  return WHOLE_NUMBER.exec(cell)?.[1] ?? cell;
}

/**
 * Return the identifiers that are valid.
 * @param {(field: string) => string} find
 * @returns {Identifier[]}
 */
function listIdentifiers(find) {
  const urls = find("urls")
    .split(/[;|\n]/)
    .flatMap(splitWords);
  const links = findLinks(urls);
  const number = findNumber(find("pm_id")) || links.pm_id;
  const address = find("open_alex");
  return keepValid([
    { identifier_type: "doi", identifier: find("doi") || links.doi },
    { identifier_type: "pm_id", identifier: makePubMedId(number) },
    { identifier_type: "open_alex", identifier: address.slice(address.lastIndexOf("/") + 1) || links.open_alex },
  ]);
}
