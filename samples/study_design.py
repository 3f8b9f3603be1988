"""The study designs that a title and an abstract name.

A design is recognised by phrases that authors use for their own study. A phrase in the title gives a higher score than
a phrase in the abstract. Each further phrase raises the score.
"""

import re
from dataclasses import dataclass

IN_TITLE = 0.9
IN_ABSTRACT = 0.6
PER_FURTHER_PHRASE = 0.1
MAX_SCORE = 0.99

PHRASES: dict[str, str] = {
    "randomised trial": (
        r"(?<!non)(?<!non[- ])random(?:ly|i[sz]ed|i[sz]ation)[\w ,-]{0,40}"
        r"(?:trial\b|study\b|assign\w*|allocat\w*|groups?\b|design\b|experiment\b)"
        r"|(?:assigned|allocated|divided) (?:at random|randomly)|were random(?:ly |i[sz]ed)"
        r"|(?<!non)(?<!non[- ])randomi[sz]ed (?:in)?to\b|\brct\b|stepped[- ]wedge"
    ),
    "non-randomised trial": (
        r"quasi[- ]experiment\w*|non-?randomi[sz]ed|interrupted time[- ]series|controlled before[- ]and[- ]after"
    ),
    "controlled trial": r"controlled (?:clinical )?trial\b|prospective,? controlled|pilot trial\b|intervention study",
    "before-after study": (
        r"\b(?:pre|before)[- ](?:and |/|to )?(?:post|after)(?:[- ](?:intervention|implementation|test|study|design))?"
        r"|before and after (?:the )?(?:intervention|implementation|introduction)|pre- and post-?\w*|pretest|posttest"
    ),
    "systematic review": (
        r"systematic(?:ally)?[\w ]{0,20} review\w*|scoping review|cochrane review|umbrella review|realist synthesis"
        r"|(?:searched|search of|data sources?:?) (?:in |the |electronic databases )?"
        r"(?:medline|pubmed|embase|cinahl|cochrane)|(?:medline|pubmed|embase|cinahl)[^.]{0,80} searched"
    ),
    "meta-analysis": r"meta-?analy\w+|meta-?regression",
    "cohort study": (
        r"\bcohort|prospective(?:ly)? (?:observational |follow)|longitudinal|follow(?:ed)?[- ]up study"
        r"|retrospective(?:ly)?[\w ]{0,20} (?:stud(?:y|ies)|review|analysis|chart|reviewed|analy[sz]ed)"
    ),
    "case-control study": r"case[- ]control\w*|matched controls",
    "cross-sectional study": r"cross[- ]sectional|(?:point )?prevalence study",
    "survey": r"\bsurvey(?:s|ed)?\b|\bquestionnaires?\b",
    "clinical audit": r"\baudit(?:s|ed)?\b",
    "observational study": r"observational (?:study|analysis|data)",
    "qualitative study": (
        r"qualitative|focus groups?|(?:semi-?structured|in-?depth) interviews?|interviews? (?:with|were)"
        r"|grounded theory|thematic analysis|ethnograph\w+"
    ),
    "animal study": (
        r"\b(?:rats?|mice|mouse|murine|rabbits?|rodents?|zebrafish|pigs?|piglets?|sheep|macaques?)\b"
        r"|sprague[- ]dawley|wistar|animal (?:model|experiment|study)\w*"
    ),
    "economic evaluation": (
        r"cost[- ](?:effectiveness|benefit|utility|minimi[sz]ation)|economic (?:evaluation|analysis)"
    ),
    "modelling study": r"simulation (?:study|model)|markov model|decision[- ](?:tree|analytic)|mathematical model\w*",
    "case report": r"\bcase (?:report|series)|we (?:report|describe) (?:a|the) (?:case|patient)",
    "protocol": r"(?:study|trial|review) protocol|protocol (?:for|of) an? (?:\w+[ -]){0,6}(?:trial|study|review)",
    "guideline": (
        r"practice guideline\W+(?:from|of|by|for)|this guideline|guidelines? on\b|practice parameters?"
        r"|(?:consensus|position|policy) (?:statement|recommendation)s?"
    ),
    "narrative review": (
        r"narrative review|literature review|review of (?:the )?(?:literature|evidence)|purpose of this review"
        r"|this review (?:examines|describes|discusses|summari[sz]es)|this (?:article|paper) reviews"
        r"|(?:we|authors) review(?:ed)?\b|\ban? (?:overview|review)\b|commentary|editorial"
    ),
}
_PATTERNS = {design: re.compile(phrase, re.IGNORECASE) for design, phrase in PHRASES.items()}

# Reviews of other studies. Their abstracts name the designs of the studies that they review.
_REVIEWS = {"systematic review", "meta-analysis", "narrative review"}
# A trial may use questionnaires and begin with an overview. These designs count only if no more specific one is found.
_GENERAL = {"controlled trial", "survey", "clinical audit", "observational study", "narrative review"}
# For example, "of" before "a review" does not make it the review of another study.
_ALWAYS_OWN = _REVIEWS | {"protocol", "guideline"}

# Words before a phrase which mean that the phrase is about other studies, or about studies that do not exist.
_OTHER_STUDIES = re.compile(
    r"\b(?:no|without|lack of|need for|future|further|previous|prior|existing|published|included|from|few"
    r"|of(?!\s+(?:an?|the|this|our)\b))\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_CONTEXT_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Tag:
    """A design, the score (0 to 1), the phrases that name it, and whether one of them is in the title."""

    design: str
    score: float
    phrases: tuple[str, ...]
    in_title: bool


def find_tags(title: str, abstract: str) -> list[Tag]:
    """Return the designs that the authors name for their study, highest score first."""
    found = [tag for design in _PATTERNS if (tag := _make_tag(design, title, abstract)) is not None]
    return sorted((tag for tag in found if _is_own_design(tag, found)), key=lambda tag: -tag.score)


def _make_tag(design: str, title: str, abstract: str) -> Tag | None:
    in_title, in_abstract = _find_phrases(design, title), _find_phrases(design, abstract)
    phrases = tuple(dict.fromkeys([*in_title, *in_abstract]))
    if not phrases:
        return None
    score = (IN_TITLE if in_title else IN_ABSTRACT) + PER_FURTHER_PHRASE * (len(phrases) - 1)
    return Tag(design, round(min(score, MAX_SCORE), 2), phrases, bool(in_title))


def _find_phrases(design: str, text: str) -> list[str]:
    own = [match for match in _PATTERNS[design].finditer(text) if not _is_about_others(design, text, match)]
    return [" ".join(match[0].lower().split()) for match in own]


def _is_about_others(design: str, text: str, match: re.Match[str]) -> bool:
    """Return whether the words before a phrase mean that it is about other studies."""
    before = text[max(0, match.start() - _CONTEXT_LENGTH) : match.start()]
    return design not in _ALWAYS_OWN and _OTHER_STUDIES.search(before) is not None


def _is_own_design(tag: Tag, found: list[Tag]) -> bool:
    """Return whether a tag is the design of the study itself, given the other tags."""
    is_review = any(other.in_title and other.design in _REVIEWS for other in found)
    if is_review and not tag.in_title and tag.design not in _ALWAYS_OWN:
        return False
    specific = [other for other in found if other.design not in _GENERAL]
    return tag.design not in _GENERAL or all(tag.in_title and not other.in_title for other in specific)
