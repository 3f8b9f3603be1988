"""What a title and an abstract say about how a study was done.

A design is tagged by phrases that authors use for their own study. A phrase in the title weighs more than one in the
abstract, and a second phrase makes it surer.
"""

import re
from dataclasses import dataclass

IN_TITLE = 0.9
IN_ABSTRACT = 0.6
EACH_MORE = 0.1
SUREST = 0.99

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

# Studies of other studies: those in their abstracts are not their own.
_REVIEWS = {"systematic review", "meta-analysis", "narrative review"}
# A trial may send questionnaires and begin with an overview: these tell the design only where nothing better does.
_GENERAL = {"controlled trial", "survey", "clinical audit", "observational study", "narrative review"}
# "A review of ..." is a review all the same: words before these phrases don't make them somebody else's.
_ALWAYS_OWN = _REVIEWS | {"protocol", "guideline"}

# Before a phrase: the study is about such studies, or lacks them, and is none itself.
_BORROWED = re.compile(
    r"\b(?:no|without|lack of|need for|future|further|previous|prior|existing|published|included|from|few"
    r"|of(?!\s+(?:an?|the|this|our)\b))\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_LOOK_BACK = 40


@dataclass(frozen=True, slots=True)
class Tag:
    """A design, how sure we are of it (0 to 1), the phrases that say so, and whether one of them is in the title."""

    design: str
    score: float
    phrases: tuple[str, ...]
    in_title: bool


def tags(title: str, abstract: str) -> list[Tag]:
    """Return the designs that the study has by its own words, the surest first; none if it names none."""
    found = [tag for design in _PATTERNS if (tag := _tag(design, title, abstract)) is not None]
    return sorted((tag for tag in found if _stands(tag, found)), key=lambda tag: -tag.score)


def _tag(design: str, title: str, abstract: str) -> Tag | None:
    in_title, in_abstract = _phrases(design, title), _phrases(design, abstract)
    phrases = tuple(dict.fromkeys([*in_title, *in_abstract]))
    if not phrases:
        return None
    score = (IN_TITLE if in_title else IN_ABSTRACT) + EACH_MORE * (len(phrases) - 1)
    return Tag(design, round(min(score, SUREST), 2), phrases, bool(in_title))


def _phrases(design: str, text: str) -> list[str]:
    own = [match for match in _PATTERNS[design].finditer(text) if not _borrowed(design, text, match)]
    return [" ".join(match[0].lower().split()) for match in own]


def _borrowed(design: str, text: str, match: re.Match[str]) -> bool:
    """Say whether the words before a phrase make it somebody else's study."""
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    return design not in _ALWAYS_OWN and _BORROWED.search(before) is not None


def _stands(tag: Tag, found: list[Tag]) -> bool:
    """Say whether a tag holds beside the others."""
    is_review = any(other.in_title and other.design in _REVIEWS for other in found)
    if is_review and not tag.in_title and tag.design not in _ALWAYS_OWN:
        return False
    specific = [other for other in found if other.design not in _GENERAL]
    return tag.design not in _GENERAL or all(tag.in_title and not other.in_title for other in specific)
