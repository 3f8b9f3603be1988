"use strict";

// Queries of documents: in the partition or the physical partition that the header names, or in all of them.

const { isIndexed, lookUp, scan } = require("./indexes");
const { makeFilter, refuseGone } = require("./partitions");
const { findContainer, json, parseQuery, readItems } = require("./server_internals");

const DEFAULT_PAGE_ITEMS = 100;
const PAGE_BYTES = 4 * 1024 * 1024;
// Texts differ only in the number of their parameters, so there are few.
const MAX_PLANS = 1000;
const plans = new Map();

/** Returns the terms of a condition that are joined by AND. */
function splitTerms(condition) {
  if (condition?.type !== "scalar_binary_expression" || condition.operator !== "AND") return condition ? [condition] : [];
  return [...splitTerms(condition.left), ...splitTerms(condition.right)];
}

/** Returns the property that a term compares with values, and these. Undefined if it does something else. */
function readComparison(term) {
  const isIn = term.type === "scalar_in_expression";
  if (!isIn && !(term.type === "scalar_binary_expression" && term.operator === "=")) return undefined;
  const [member, values] = isIn ? [term.value, term.list] : [term.left, [term.right]];
  if (member.type !== "scalar_member_expression" || member.computed || member.object.type !== "identifier") return undefined;
  if (!values.every(({ type }) => type === "parameter_name" || type === "string_constant")) return undefined;
  return { name: member.property.name, values };
}

/** Plans a query: the comparison that an index answers, if there is one, and the query without it. */
function plan(container, text) {
  const query = parseQuery(text);
  const { where, from } = query.ast.body;
  const terms = splitTerms(where?.condition);
  const comparisons = from?.source && !from.joins?.length ? terms.map(readComparison) : [];
  const at = comparisons.findIndex((comparison) => comparison && isIndexed(container, comparison.name));
  if (at < 0) return { query };
  const [first, ...others] = terms.filter((_, i) => i !== at);
  const join = (left, right) => ({ type: "scalar_binary_expression", left, operator: "AND", right });
  query.ast.body.where = first ? { ...where, condition: others.reduce(join, first) } : null;
  return { query, comparison: comparisons[at] };
}

function findPlan(container, text) {
  const key = `${container.read()._rid} ${text}`;
  if (plans.size >= MAX_PLANS && !plans.has(key)) plans.clear();
  if (!plans.has(key)) plans.set(key, plan(container, text));
  return plans.get(key);
}

/** Returns the documents among which the query has to look. */
function findCandidates(container, comparison, parameters, includes) {
  if (!comparison) return scan(container, includes);
  const given = new Map((parameters ?? []).map(({ name, value }) => [name, value]));
  const values = comparison.values.map(({ name, value }) => (name === undefined ? value : given.get(name)));
  return lookUp(container, comparison.name, values).filter((data) => includes(container.documents._getPartition(data)));
}

/** Returns how many of these items a page can have. */
function countFitting(items) {
  let bytes = 0;
  const tooMany = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item) ?? "")) > PAGE_BYTES);
  return tooMany < 0 ? items.length : Math.max(tooMany, 1);
}

/** Runs the query for one page. */
function readPage(query, documents, options) {
  const page = query.exec(documents, options);
  const fitting = countFitting(page.result);
  return fitting === page.result.length ? page : query.exec(documents, { ...options, maxItemCount: fitting });
}

async function query(account, req, res, params) {
  const { query: text, parameters } = await json(req);
  const container = findContainer(account, params);
  return readItems(req, res, "Documents", ({ continuation, maxItemCount }) => {
    if (!container) return null;
    const includes = makeFilter(req, params);
    if (!includes) return refuseGone(res);
    try {
      const { query, comparison } = findPlan(container, text);
      const documents = findCandidates(container, comparison, parameters, includes);
      const items = maxItemCount ?? DEFAULT_PAGE_ITEMS;
      return readPage(query, documents, { parameters, maxItemCount: items, continuation, compositeIndexes: [] });
    } catch (error) {
      res.statusCode = 400;
      return { code: "BadRequest", message: error.message };
    }
  });
}

module.exports = { query };
