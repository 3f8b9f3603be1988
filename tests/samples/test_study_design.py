import pytest

from samples.study_design import IN_ABSTRACT, IN_TITLE, MAX_SCORE, PHRASES, find_tags
from tests.samples.references import load_samples, read_texts

# Titles of the sample references.
TITLES = {
    "A Randomized Controlled Trial of IVR-Based Alcohol Brief Intervention to Promote Patient-Provider Communication "
    "in Primary Care": ["randomised trial"],
    "Effectiveness of screening and brief alcohol intervention in primary care (SIPS trial): pragmatic cluster "
    "randomised controlled trial": ["randomised trial"],
    "Antibiotic treatment for 6 weeks versus 12 weeks in patients with pyogenic vertebral osteomyelitis: "
    "an open-label, non-inferiority, randomised, controlled trial": ["randomised trial"],
    "Paediatric nurses' postoperative pain management practices in hospital based non-critical care settings: "
    "a narrative review": ["narrative review"],
    "Study protocol for a randomized controlled trial: the feasibility and impact of cardiovascular absolute risk "
    "assessment in Australian general practice": ["randomised trial", "protocol"],
    "Cost effectiveness of a clinical decision support system based on the recommendations of the European Society "
    "of Cardiology and other societies for the management of hypercholesterolemia: "
    "report of a cluster-randomized trial.": [
        "randomised trial",
        "economic evaluation",
    ],
    "Advantages and Challenges of A Village Doctor-Based Cognitive Behavioral Therapy for Late-Life Depression in "
    "Rural China: A Qualitative Study": ["qualitative study"],
    "Healthcare workers' hand decontamination practices: compliance with recommended guidelines": [],
    "Guidelines for Quality Management of Apallic Syndrome / Vegetative State": [],
    "Depression": [],
}


@pytest.mark.parametrize(("title", "designs"), TITLES.items())
def test_designs_in_a_real_title(title: str, designs: list[str]) -> None:
    assert title in {read_texts(reference)[0] for reference in load_samples()}
    assert sorted(tag.design for tag in find_tags(title, "")) == sorted(designs)


@pytest.mark.parametrize(
    ("abstract", "designs"),
    [
        ("Results of a randomised controlled trial of reminders.", ["randomised trial"]),
        ("Practices were randomly assigned to feedback or none.", ["randomised trial"]),
        ("Two communities were matched and randomized to intervention and control.", ["randomised trial"]),
        ("A non-randomised comparison of wards.", ["non-randomised trial"]),
        ("A nonrandomized, controlled trial.", ["non-randomised trial"]),
        ("A controlled trial on two wards.", ["controlled trial"]),
        ("We compared compliance before and after the intervention.", ["before-after study"]),
        ("A retrospective cohort of 200 patients.", ["cohort study"]),
        ("Matched case-control study.", ["case-control study"]),
        ("A cross-sectional survey of nurses.", ["cross-sectional study"]),
        ("We sent questionnaires to all nurses.", ["survey"]),
        ("Semi-structured interviews with general practitioners.", ["qualitative study"]),
        ("Depression was induced in male Wistar rats.", ["animal study"]),
        ("We searched MEDLINE and pooled what we found in a meta-analysis.", ["meta-analysis", "systematic review"]),
        ("", []),
        ("Nurses shared their thoughts.", []),
        ("The pirate's migratory habits.", []),
    ],
)
def test_designs_in_an_abstract(abstract: str, designs: list[str]) -> None:
    assert sorted(tag.design for tag in find_tags("", abstract)) == designs


@pytest.mark.parametrize(
    "abstract",
    [
        "There is no randomised controlled trial of this.",
        "Future cohort studies should ask.",
        "The lack of qualitative studies is felt.",
        "An analysis of randomised controlled trials.",
    ],
)
def test_designs_of_other_studies_are_not_tagged(abstract: str) -> None:
    assert find_tags("", abstract) == []


def test_a_review_does_not_get_the_designs_of_the_studies_that_it_reviews() -> None:
    found = find_tags("Reminders: a systematic review", "Each randomised trial and each cohort was appraised.")
    assert [tag.design for tag in found] == ["systematic review"]


def test_a_questionnaire_in_a_trial_is_not_a_design_unless_the_title_names_it() -> None:
    abstract = "Patients were randomly allocated, and answered a questionnaire."
    assert [tag.design for tag in find_tags("Reminders", abstract)] == ["randomised trial"]
    assert [tag.design for tag in find_tags("A survey of patients", abstract)] == ["survey", "randomised trial"]


def test_a_phrase_in_the_title_and_further_phrases_raise_the_score() -> None:
    (in_title,) = find_tags("A qualitative study", "")
    (in_abstract,) = find_tags("", "A qualitative study")
    (twice,) = find_tags("", "A qualitative study with focus groups")
    (often,) = find_tags("Qualitative: focus groups, thematic analysis, ethnography", "")
    assert [in_title.score, in_abstract.score, twice.score, often.score] == [IN_TITLE, IN_ABSTRACT, 0.7, MAX_SCORE]
    assert (in_title.in_title, in_abstract.in_title) == (True, False)
    assert twice.phrases == ("qualitative", "focus groups")


def test_most_samples_have_a_design_and_every_phrase_is_in_the_text() -> None:
    with_abstract = [read_texts(reference) for reference in load_samples() if read_texts(reference)[1]]
    found = [(title, abstract, find_tags(title, abstract)) for title, abstract in with_abstract]
    assert sum(bool(designs) for _, _, designs in found) > 0.7 * len(found)
    for title, abstract, designs in found:
        text = " ".join(f"{title} {abstract}".lower().split())
        for tag in designs:
            assert tag.design in PHRASES
            assert 0 < tag.score <= 1
            assert all(phrase in text for phrase in tag.phrases)
