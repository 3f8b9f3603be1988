"""The robot: one function. The kit does the rest."""

from exchange.robots import Annotation, CannotJudge, Reference, Robot, annotation
from samples.study_design import find_tags

SCHEME = "study-design"

robot = Robot("study design", version="1.0", needs=["bibliographic", "abstract"], source="study-design-robot")


@robot.enhance
def tag_study_design(reference: Reference) -> list[Annotation]:
    """Return an annotation for each study design. Its `data` lets a reviewer check it."""
    title, abstract = reference.title or "", reference.abstract or ""
    tags = find_tags(title, abstract)
    if not tags and not abstract:
        reason = "no abstract, and the title names no study design" if title else "no abstract and no title"
        raise CannotJudge(f"Cannot be judged: there is {reason}.")
    if not tags:
        # Reviewers can filter by this label. It has no score, because there is nothing that could be uncertain.
        return [annotation(SCHEME, "not stated")]
    return [
        annotation(SCHEME, tag.design, score=tag.score, data={"phrases": list(tag.phrases), "in_title": tag.in_title})
        for tag in tags
    ]
