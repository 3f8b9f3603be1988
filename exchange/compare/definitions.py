"""What each statistic is, and where it is from."""

from typing import NamedTuple


class Definition(NamedTuple):
    """A statistic, in the words of the report. `sources` are keys of `SOURCES`."""

    title: str
    text: str
    sources: tuple[str, ...] = ()


_WILSON = "Interval: Wilson score."

DEFINITIONS: dict[str, Definition] = {
    "agreement": Definition(
        "Agreement", f"The share of references on which A and B make the same decision. {_WILSON}", ("wilson",)
    ),
    "kappa": Definition(
        "Cohen's kappa",
        "The agreement beyond chance, as a share of the largest possible agreement beyond chance: (observed - expected)"
        " / (1 - expected). Interval: asymptotic variance, normal approximation. It is low in spite of high agreement "
        "if nearly all decisions are the same.",
        ("cohen", "fleiss", "feinstein"),
    ),
    "ac1": Definition(
        "Gwet's AC1",
        "The agreement beyond chance with another model of chance, which depends less on the prevalence. Interval: "
        "linearised variance, normal approximation.",
        ("gwet",),
    ),
    "precision": Definition(
        "Precision",
        f"The share of the references that B labels true that A labels true as well. {_WILSON}",
        ("wilson",),
    ),
    "recall": Definition(
        "Recall",
        f"Sensitivity: the share of the references that A labels true that B labels true as well. {_WILSON}",
        ("wilson",),
    ),
    "specificity": Definition(
        "Specificity",
        f"The share of the references that A labels false that B labels false as well. {_WILSON}",
        ("wilson",),
    ),
    "f1": Definition(
        "F1",
        "The harmonic mean of precision and recall. Interval: the Wilson limits of the share of references that both "
        "label true among those that either labels true, converted to F1.",
        ("lam", "wilson"),
    ),
    "prevalence_a": Definition(
        "Prevalence in A", f"The share of the references that A labels true. {_WILSON}", ("wilson",)
    ),
    "prevalence_b": Definition(
        "Prevalence in B", f"The share of the references that B labels true. {_WILSON}", ("wilson",)
    ),
    "average_precision": Definition(
        "Average precision",
        "The mean of the precisions at each score of B, weighted by the increase of recall, without interpolation. "
        "References with the same score count as one step. No interval is given.",
        ("davis",),
    ),
    "roc_auc": Definition(
        "ROC AUC",
        "The probability that B gives a higher score to a reference that A labels true than to one that A labels "
        "false. Equal scores count half. Interval: nonparametric variance, normal approximation.",
        ("delong",),
    ),
    "wss_95": Definition(
        "WSS@95",
        "Work saved over sampling at 95% recall: the share of references that need not be read if they are read by "
        "descending score until 95% of those that A labels true are found, minus 5%. References with the same score "
        "are read together. No interval is given.",
        ("wss",),
    ),
}
MACRO = Definition(
    "Macro average", "The mean of the labels' estimates. Labels without a defined estimate are left out."
)
MICRO = Definition(
    "Micro average",
    "The estimate of the sum of the labels' confusion tables. There is no interval, because the decisions on one "
    "reference are not independent.",
)

SOURCES: dict[str, str] = {
    "cohen": "Cohen J. A coefficient of agreement for nominal scales. Educational and Psychological Measurement. "
    "1960;20(1):37-46. doi:10.1177/001316446002000104",
    "fleiss": "Fleiss JL, Cohen J, Everitt BS. Large sample standard errors of kappa and weighted kappa. Psychological "
    "Bulletin. 1969;72(5):323-327. doi:10.1037/h0028106",
    "feinstein": "Feinstein AR, Cicchetti DV. High agreement but low kappa: I. The problems of two paradoxes. Journal "
    "of Clinical Epidemiology. 1990;43(6):543-549. doi:10.1016/0895-4356(90)90158-L",
    "gwet": "Gwet KL. Computing inter-rater reliability and its variance in the presence of high agreement. British "
    "Journal of Mathematical and Statistical Psychology. 2008;61(1):29-48. doi:10.1348/000711006X126600",
    "wilson": "Wilson EB. Probable inference, the law of succession, and statistical inference. Journal of the "
    "American Statistical Association. 1927;22(158):209-212. doi:10.1080/01621459.1927.10502953",
    "lam": "Lam KFY, Gopal V, Qian J. Confidence intervals for the F1 score: a comparison of four methods. 2023. "
    "arXiv:2309.14621",
    "davis": "Davis J, Goadrich M. The relationship between precision-recall and ROC curves. Proceedings of the 23rd "
    "International Conference on Machine Learning. 2006:233-240. doi:10.1145/1143844.1143874",
    "delong": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver "
    "operating characteristic curves: a nonparametric approach. Biometrics. 1988;44(3):837-845. doi:10.2307/2531595",
    "wss": "Cohen AM, Hersh WR, Peterson K, Yen PY. Reducing workload in systematic review preparation using automated "
    "citation classification. Journal of the American Medical Informatics Association. 2006;13(2):206-219. "
    "doi:10.1197/jamia.M1929",
}
