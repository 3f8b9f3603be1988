// @ts-check
// What each statistic is, and where it is from: as `exchange/compare/definitions.py`. A test compares both.

/** @typedef {{title: string, text: string, sources: string[]}} Definition */

/** @type {Record<string, Definition>} */
export const DEFINITIONS = {
  agreement: {
    title: "Agreement",
    text: "The share of references on which A and B make the same decision. Interval: Wilson score.",
    sources: ["wilson"],
  },
  kappa: {
    title: "Cohen's kappa",
    text:
      "The agreement beyond chance, as a share of the largest possible agreement beyond chance: (observed - " +
      "expected) / (1 - expected). Interval: asymptotic variance, normal approximation. It is low in spite of " +
      "high agreement if nearly all decisions are the same.",
    sources: ["cohen", "fleiss", "feinstein"],
  },
  ac1: {
    title: "Gwet's AC1",
    text:
      "The agreement beyond chance with another model of chance, which depends less on the prevalence. " +
      "Interval: linearised variance, normal approximation.",
    sources: ["gwet"],
  },
  precision: {
    title: "Precision",
    text: "The share of the references that B labels true that A labels true as well. Interval: Wilson score.",
    sources: ["wilson"],
  },
  recall: {
    title: "Recall",
    text:
      "Sensitivity: the share of the references that A labels true that B labels true as well. Interval: " +
      "Wilson score.",
    sources: ["wilson"],
  },
  specificity: {
    title: "Specificity",
    text: "The share of the references that A labels false that B labels false as well. Interval: Wilson score.",
    sources: ["wilson"],
  },
  f1: {
    title: "F1",
    text:
      "The harmonic mean of precision and recall. Interval: the Wilson limits of the share of references that " +
      "both label true among those that either labels true, converted to F1.",
    sources: ["lam", "wilson"],
  },
  prevalence_a: {
    title: "Prevalence in A",
    text: "The share of the references that A labels true. Interval: Wilson score.",
    sources: ["wilson"],
  },
  prevalence_b: {
    title: "Prevalence in B",
    text: "The share of the references that B labels true. Interval: Wilson score.",
    sources: ["wilson"],
  },
  average_precision: {
    title: "Average precision",
    text:
      "The mean of the precisions at each score of B, weighted by the increase of recall, without " +
      "interpolation. References with the same score count as one step. No interval is given.",
    sources: ["davis"],
  },
  roc_auc: {
    title: "ROC AUC",
    text:
      "The probability that B gives a higher score to a reference that A labels true than to one that A labels " +
      "false. Equal scores count half. Interval: nonparametric variance, normal approximation.",
    sources: ["delong"],
  },
  wss_95: {
    title: "WSS@95",
    text:
      "Work saved over sampling at 95% recall: the share of references that need not be read if they are read " +
      "by descending score until 95% of those that A labels true are found, minus 5%. References with the same " +
      "score are read together. No interval is given.",
    sources: ["wss"],
  },
};

/** @type {Definition} */
export const MACRO = {
  title: "Macro average",
  text: "The mean of the labels' estimates. Labels without a defined estimate are left out.",
  sources: [],
};

/** @type {Definition} */
export const MICRO = {
  title: "Micro average",
  text:
    "The estimate of the sum of the labels' confusion tables. There is no interval, because the decisions on " +
    "one reference are not independent.",
  sources: [],
};

/** @type {Record<string, string>} */
export const SOURCES = {
  cohen:
    "Cohen J. A coefficient of agreement for nominal scales. Educational and Psychological Measurement. " +
    "1960;20(1):37-46. doi:10.1177/001316446002000104",
  fleiss:
    "Fleiss JL, Cohen J, Everitt BS. Large sample standard errors of kappa and weighted kappa. Psychological " +
    "Bulletin. 1969;72(5):323-327. doi:10.1037/h0028106",
  feinstein:
    "Feinstein AR, Cicchetti DV. High agreement but low kappa: I. The problems of two paradoxes. Journal of " +
    "Clinical Epidemiology. 1990;43(6):543-549. doi:10.1016/0895-4356(90)90158-L",
  gwet:
    "Gwet KL. Computing inter-rater reliability and its variance in the presence of high agreement. British " +
    "Journal of Mathematical and Statistical Psychology. 2008;61(1):29-48. doi:10.1348/000711006X126600",
  wilson:
    "Wilson EB. Probable inference, the law of succession, and statistical inference. Journal of the " +
    "American Statistical Association. 1927;22(158):209-212. doi:10.1080/01621459.1927.10502953",
  lam:
    "Lam KFY, Gopal V, Qian J. Confidence intervals for the F1 score: a comparison of four methods. 2023. " +
    "arXiv:2309.14621",
  davis:
    "Davis J, Goadrich M. The relationship between precision-recall and ROC curves. Proceedings of the 23rd " +
    "International Conference on Machine Learning. 2006:233-240. doi:10.1145/1143844.1143874",
  delong:
    "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver " +
    "operating characteristic curves: a nonparametric approach. Biometrics. 1988;44(3):837-845. " +
    "doi:10.2307/2531595",
  wss:
    "Cohen AM, Hersh WR, Peterson K, Yen PY. Reducing workload in systematic review preparation using " +
    "automated citation classification. Journal of the American Medical Informatics Association. " +
    "2006;13(2):206-219. doi:10.1197/jamia.M1929",
};
