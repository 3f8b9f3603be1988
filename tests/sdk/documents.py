"""A complete document of every model of the contract, and its variants without some optional fields."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from pydantic import BaseModel

from exchange.contract import batches, enhancements, identifiers, references, robots
from exchange.contract.v1 import jobs, requests
from exchange.contract.v1 import robots as v1_robots

Json = dict[str, Any]
Model = type[BaseModel]

ONE, TWO, THREE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
SIGNED = "http://127.0.0.1:10000/devstoreaccount1/batches/a?se=2030-01-01T00%3A00%3A00Z&sp=r&sig=a%2Bb%2Fc%3D"

AUTHOR: Json = {"display_name": "Ż. Ółć", "orcid": "0000-0001-2345-6789", "position": "first"}
BOOLEAN: Json = {
    "annotation_type": "boolean",
    "scheme": "design",
    "label": "cohort",
    "value": False,
    "score": 0.1,
    "data": {"phrases": ["a", None], "n": {"id": 1.5}},
}
SCORE: Json = {
    "annotation_type": "score",
    "scheme": "topic",
    "label": "nudging",
    "score": -0.75,
    "data": {"k": [1, {}], "null": None},
}
LOCATION: Json = {
    "is_oa": False,
    "version": "publishedVersion",
    "landing_page_url": "HTTPS://Example.org:443/ä?q=%7e&r=<x>#f",
    "pdf_url": "http://bücher.example",
    "license": "cc-by",
    "extra": {"any": ["thing", None], "pdf_url": "http://kept.example"},
}
CONTENTS: dict[Model, Json] = {
    enhancements.Bibliographic: {
        "enhancement_type": "bibliographic",
        "authorship": [AUTHOR, {**AUTHOR, "position": "middle"}, {**AUTHOR, "position": "last"}],
        "cited_by_count": 0,
        "created_date": "2020-02-29",
        "publication_date": "0999-12-31",
        "publication_year": 999,
        "publisher": "",
        "title": "T \u2028 文 \U0001f9ea\n",
        "updated_date": "2024-02-29",
        "pagination": {"volume": "12", "issue": "Spring", "first_page": "A1", "last_page": None},
        "publication_venue": {"display_name": "文", "venue_type": "journal", "issn": ["1234-5678"], "issn_l": ""},
    },
    enhancements.Abstract: {"enhancement_type": "abstract", "process": "uninverted", "abstract": "A\n\nB"},
    enhancements.AnnotationSet: {"enhancement_type": "annotation", "annotations": [BOOLEAN, SCORE]},
    enhancements.LocationSet: {"enhancement_type": "location", "locations": [LOCATION, LOCATION]},
}
IDENTIFIERS: dict[Model, Json] = {
    identifiers.DOIIdentifier: {"identifier": "10.1234/a-b;(c)<d>[e]%2F&+:_.", "identifier_type": "doi"},
    identifiers.PubMedIdentifier: {"identifier": 31415926, "identifier_type": "pm_id"},
    identifiers.OpenAlexIdentifier: {"identifier": "W2741809807", "identifier_type": "open_alex"},
    identifiers.OtherIdentifier: {
        "identifier": "",
        "identifier_type": "other",
        "other_identifier_name": "ISBN",
    },
}
ENHANCEMENT: Json = {
    "id": ONE,
    "reference_id": TWO,
    "source": "robot",
    "visibility": "restricted",
    "robot_version": "1.2",
    "derived_from": [THREE, ONE, THREE],
    "content": CONTENTS[enhancements.Abstract],
}
ROBOT: Json = {
    "name": "n",
    "base_url": "http://robot.example:8000/a",
    "description": "",
    "owner": "o",
    "dependent_enhancements": ["bibliographic", "abstract", "annotation", "location"],
    "dependent_identifiers": ["doi", "pm_id", "open_alex", "other"],
}
FILE_ENHANCEMENTS: list[Json] = [
    {
        "source": "file",
        "visibility": "hidden",
        "robot_version": "1.2",
        "enhancement_type": content["enhancement_type"],
        "content": content,
    }
    for content in CONTENTS.values()
]
PULL_ROBOT: Json = {name: ROBOT[name] for name in ("name", "base_url", "description", "owner")}
SETTINGS: Json = {"enabled": False, "delivery": "pull", "max_references": 7, "version": "1.2"}
FULL: dict[Model, Json] = {
    **CONTENTS,
    **IDENTIFIERS,
    enhancements.Authorship: AUTHOR,
    enhancements.BooleanAnnotation: BOOLEAN,
    enhancements.ScoreAnnotation: SCORE,
    enhancements.Location: LOCATION,
    enhancements.Enhancement: ENHANCEMENT,
    references.EnhancementFileInput: FILE_ENHANCEMENTS[0],
    references.Reference: {
        "id": TWO,
        "visibility": "hidden",
        "identifiers": list(IDENTIFIERS.values()),
        "enhancements": [{**ENHANCEMENT, "content": content} for content in CONTENTS.values()],
    },
    references.ReferenceFileInput: {
        "visibility": "restricted",
        "identifiers": list(IDENTIFIERS.values()),
        "enhancements": FILE_ENHANCEMENTS,
    },
    batches.BatchEnhancementRequestIn: {
        "robot_id": ONE,
        "reference_ids": [TWO, THREE, TWO],
        "reference_ids_upload": None,
        "source": "me\n文",
        "test_run": True,
        "metadata": {"review": "文"},
        "skip_enhanced": True,
    },
    batches.BatchEnhancementRequestRead: {
        "id": THREE,
        "robot_id": ONE,
        "reference_ids": [TWO, ONE],
        "reference_ids_url": f"{SIGNED}6",
        "source": "",
        "request_status": "received",
        "reference_data_url": f"{SIGNED}1",
        "result_storage_url": f"{SIGNED}2",
        "validation_result_file": f"{SIGNED}3",
        "validation_result_url": f"{SIGNED}4",
        "enhancements_url": f"{SIGNED}5",
        "error": "It's broken.",
        "error_code": "nothing_usable",
        "counts": {
            "requested": 2,
            "enhanced": 0,
            "failed": 1,
            "missing": 1,
            "cancelled": 0,
            "skipped": 0,
            "pending": 0,
        },
        "entries": {
            "total": 1,
            "added": 0,
            "robot_error": 1,
            "unreadable": 0,
            "not_requested": 0,
            "duplicate": 0,
            "not_storable": 0,
            "pending": 0,
            "cancelled": 0,
        },
        "test_run": False,
        "cancelled_at": None,
        "retry_of": ONE,
        "retried_as": TWO,
        "parts": {"made": 2, "open": 1, "left": 0},
        "part_of": ONE,
        "metadata": {"review": "文"},
        "waiting_for": "the robot",
        "created_at": "2026-11-27T06:40:08.460584Z",
        "accepted_at": "2026-11-27T06:40:09.017332Z",
        "delivered_at": "2026-11-27T06:52:30.774102Z",
        "ended_at": "2026-11-27T06:52:31.127004Z",
        "expires_at": "2026-11-28T06:40:09.017332Z",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "warnings": ["source_name"],
    },
    robots.BatchRobotRequest: {
        "id": THREE,
        "reference_storage_url": f"{SIGNED}1",
        "result_storage_url": f"{SIGNED}2",
        "extra_fields": {"any": {"thing": None}},
    },
    robots.RobotError: {"message": "out\nof tea"},
    robots.LinkedRobotError: {"message": "", "reference_id": TWO},
    robots.BatchRobotResult: {"request_id": THREE, "error": {"message": "out of tea"}, "storage_url": SIGNED},
    robots.BatchRobotResultValidationEntry: {"reference_id": TWO, "error": "no", "line": 1, "kind": "robot_error"},
    robots.RobotIn: ROBOT,
    robots.Robot: {**ROBOT, "id": ONE, **SETTINGS},
    robots.ProvisionedRobot: {**ROBOT, "id": ONE, **SETTINGS, "client_secret": "5f"},
    requests.EnhancementRequestIn: {"robot_id": ONE, "reference_ids": [TWO, THREE], "source": "me\n文"},
    requests.EnhancementRequestRead: {
        "id": THREE,
        "robot_id": ONE,
        "reference_ids": [TWO, ONE],
        "source": "",
        "request_status": "processing",
        "reference_data_url": f"{SIGNED}1",
        "result_storage_url": f"{SIGNED}2",
        "validation_result_url": f"{SIGNED}4",
        "error": "It's broken.",
    },
    jobs.RobotEnhancementBatch: {
        "id": THREE,
        "reference_storage_url": f"{SIGNED}1",
        "result_storage_url": f"{SIGNED}2",
        "extra_fields": {"any": {"thing": None}},
    },
    jobs.RobotEnhancementBatchRead: {
        "id": THREE,
        "robot_id": ONE,
        "source": "",
        "reference_data_url": f"{SIGNED}1",
        "result_storage_url": f"{SIGNED}2",
        "validation_result_url": f"{SIGNED}4",
        "error": "It's broken.",
    },
    jobs.RobotEnhancementBatchResult: {"request_id": THREE, "error": {"message": "out of tea"}},
    v1_robots.PullRobotIn: PULL_ROBOT,
    v1_robots.PullRobot: {**PULL_ROBOT, "id": ONE},
    v1_robots.ProvisionedPullRobot: {**PULL_ROBOT, "id": ONE, "client_secret": "5f"},
}


# With more optional fields than this, not all of their combinations are tried.
_MAX_COMBINED = 10
_FEW = 2


def variants(full: Json, model: Any) -> Iterator[Json]:
    """Yield the fields of the document that the model knows, once without each combination of optional fields.

    Of many optional fields at most two are left out, or at most two are kept: all combinations would be a million.
    """
    known = {name: value for name, value in full.items() if name in model.model_fields}
    optional = [name for name in known if not model.model_fields[name].is_required()]
    total = len(optional)
    for count in (count for count in range(total + 1) if total <= _MAX_COMBINED or min(count, total - count) <= _FEW):
        for omitted in combinations(optional, count):
            yield {name: value for name, value in known.items() if name not in omitted}


# The models that are parts of a content: the content's model, and the field with the list of parts.
PARTS: dict[Model, tuple[Model, str]] = {
    enhancements.Authorship: (enhancements.Bibliographic, "authorship"),
    enhancements.BooleanAnnotation: (enhancements.AnnotationSet, "annotations"),
    enhancements.ScoreAnnotation: (enhancements.AnnotationSet, "annotations"),
    enhancements.Location: (enhancements.LocationSet, "locations"),
}
