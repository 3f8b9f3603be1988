// @ts-check
// The comparison of two batches, or of a batch and the labels of people, without a page: read both sides, compare them.

export { Catalogue } from "./catalogue.js";
export { DEFAULT_THRESHOLD, compare } from "./comparison.js";
export { DEFINITIONS, MACRO, MICRO, SOURCES } from "./definitions.js";
export { readEnhancements } from "./enhancements.js";
export { InputRejected } from "./errors.js";
export { LabelNames } from "./label_names.js";
export { findPair, Labelling, nameLabel, namePair } from "./labelling.js";
export { findLabelFormat, labelReferences, readLabels } from "./labels.js";
export { computeDigest, readLoaded } from "./loaded.js";
export { listLabelNotes, listNotes, nameLabels } from "./notes.js";
export { listPrecisionPoints, listRocPoints } from "./ranking.js";
