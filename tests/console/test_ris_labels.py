"""RIS files with the labels of people are read in the browser as `--labels` reads them."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.cli.labels import LabelNames, read_labelled
from exchange.client import Client
from exchange.compare.catalogue import LabelledReference
from exchange.compare.labels import Labelling
from exchange.contract.enhancements import AnnotationSet, BooleanAnnotation
from exchange.formats import Format, Row, write_references
from tests.console.node import CallError, Modules
from tests.console.test_labels import assert_agree, describe
from tests.unit.compare.sides import Json
from tests.unit.formats.files import DATA, boolean, make_reference, read_records

RIS_FILES = sorted(path.name for path in DATA.glob("*.ris"))
JUDGED = [("design", "rct"), ("design", "cohort, old"), ("a:b", "x"), ("a", "y"), ("Study", "z = no")]
MAPPING = ["topic:Adult=design:rct", "KW:x;y=a:b:x"]


def make_judged() -> Labelling:
    labelling = Labelling("batch")
    for scheme, label in JUDGED:
        annotation = BooleanAnnotation(annotation_type="boolean", scheme=scheme, label=label, value=True)
        labelling.add("reference", "robot", AnnotationSet(enhancement_type="annotation", annotations=[annotation]))
    return labelling


def describe_reference(reference: LabelledReference) -> Json:
    contents = [item.content for item in reference.enhancements or []]
    return {
        "id": None,
        "identifiers": [item.model_dump(mode="json") for item in reference.identifiers or []],
        "title": next(filter(None, (getattr(content, "title", None) for content in contents)), None),
        "enhancements": [
            [describe(found) for found in content.annotations]
            for content in contents
            if isinstance(content, AnnotationSet)
        ],
    }


def assert_labels_agree(modules: Modules, path: Path, content: bytes) -> list[list[list[Json]]]:
    """Fail if `--labels` and the browser find other labels in the file. Return those of each reference."""
    path.write_bytes(content)
    # With a file of loaded references that has none, nothing is asked of the exchange.
    loaded = path.with_name("loaded.jsonl")
    loaded.write_bytes(b"")
    with Client("http://127.0.0.1:1", lambda: "") as client:
        read = list(read_labelled(client, path, loaded, LabelNames(make_judged(), MAPPING)))
    expected = [describe_reference(item) for item in read if item != LabelledReference()]
    judged = [{"scheme": scheme, "label": label, "value": True, "score": None} for scheme, label in JUDGED]
    encoded = base64.b64encode(content).decode()
    actual = modules.call("labelsOfBatch", content=encoded, format="ris", judged=judged, mapping=MAPPING)
    assert len(actual["faults"]) == read.count(LabelledReference())
    for reference in actual["references"]:
        del reference["digest"]
        reference["enhancements"] = [item["annotations"] for item in reference["enhancements"]]
    assert actual["references"] == expected
    return [item["enhancements"] for item in expected]


@pytest.mark.parametrize("name", RIS_FILES)
def test_the_files_of_databases_and_tools(modules: Modules, tmp_path: Path, name: str) -> None:
    content = (DATA / name).read_bytes()
    read = assert_agree(modules, tmp_path / name, content, Format.RIS)
    assert read is not None
    assert read["references"]
    assert_labels_agree(modules, tmp_path / name, content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(modules: Modules, tmp_path: Path, encoding: str) -> None:
    content = "TY  - JOUR\r\nTI  - Über Ärzte\r\nKW  - design:rct\r\nER  - \r\n".encode(encoding)
    read = assert_agree(modules, tmp_path / "a.ris", content, Format.RIS)
    assert read is not None
    assert read["references"][0]["title"] == "Über Ärzte"


def test_damaged_utf_8(modules: Modules, tmp_path: Path) -> None:
    content = "TY  - JOUR\nTI  - Ä ö\nER  - \n".encode() + b"TY  - JOUR\nTI  - \xff\nER  - \n"
    read = assert_agree(modules, tmp_path / "a.ris", content, Format.RIS)
    assert read is not None
    assert read["faults"] == [4]


def test_an_empty_file_is_refused(modules: Modules, tmp_path: Path) -> None:
    assert assert_agree(modules, tmp_path / "a.ris", b"", Format.RIS) is None


def test_labels_in_keywords(modules: Modules, tmp_path: Path) -> None:
    """Keywords of the batch's schemes, with notes and without, of an export, of the mapping, and others."""
    lines = [
        "TY  - JOUR", "TI  - A title", "KW  - design:rct", "KW  - design:new = no", "KW  - a:b:x = 0.9",
        "KW  - design:cohort  old", "KW  - other:kept = 0.2", "KW  - topic:Adult", "KW  - KW:x, y", "KW  - No label",
        "KW  - nothing:known", "KW  - Study:z = no", "N1  - ASReview_relevant",
        "N1  - <p>Annotations: a:b:x: score 0.8765, robot r; no 1; other:kept: score 0.25, robot r &amp;lt; 2</p>",
        "N1  - Annotations: bad:score: score e, robot x", "ER  - ",
    ]  # fmt: skip
    ((screened, labels),) = assert_labels_agree(modules, tmp_path / "a.ris", "\n".join(lines).encode())
    assert screened == [{"scheme": "screening", "label": "included", "value": True, "score": None}]
    assert [(item["scheme"], item["label"], item["value"], item["score"]) for item in labels] == [
        ("design", "rct", True, None),
        ("design", "new", False, None),
        ("a:b", "x", None, 0.8765),
        ("design", "cohort, old", True, None),
        ("other", "kept", None, 0.25),
        ("topic", "Adult", True, None),
        ("KW", "x, y", True, None),
        ("Study", "z", False, None),
    ]


@pytest.mark.parametrize("file", ["endnote.ris", "zotero.ris"])
def test_an_export(modules: Modules, tmp_path: Path, file: str) -> None:
    annotations = [
        boolean("rct", value=True, score=0.93),
        boolean("cohort, old; very", value=False),
        *(
            {"annotation_type": "score", "scheme": "a:b", "label": f"l{number}", "score": score}
            for number, score in enumerate((0.25, 0.75, -0.25, 0.05, 1e22, -1.25e-07, 2.5, 0.15))
        ),
    ]
    rows = [Row(make_reference(*annotations, source="robot; no: yes"), item) for item in read_records(DATA / file)]
    write_references(tmp_path / "export.ris", "ris", rows)
    found = assert_labels_agree(modules, tmp_path / "a.ris", (tmp_path / "export.ris").read_bytes())
    assert all(len(labels) == len(annotations) for *_, labels in found)


PARTS = (
    "TY  - ", "TY - JOUR", "ER  -", " ER - ", "ER - positive", "TI  - ", "AB  - x", "KW  - ", "KW  - design:rct",
    "N1  - ", "N1  - Annotations: ", "AN  - 12", "DB  - PubMed", "DB  - Embase", "DB  - ERIC", "U2  - L1", "C5  - 34",
    "DO  - ", "10.1000/x", "UR  - ", "https://doi.org/10.1000/y; https://pubmed.ncbi.nlm.nih.gov/56", ";",
    "https://openalex.org/w7", ": score 0.25, robot ", ": yes, score 1, robot r", ": no, robot ", "; ", "a:b:x",
    " = 0.2", " = no", "design", ":", "DA  - ", "PY  - 2019", "Y1  - ", "2020/2/30", "2019-02-03", "2001 Apr 9",
    "20200131", "Dec", "SP  - 12-9", "SN  - ", "1111-2222 (Print); 3333-4444", '\x7f\U0001d4b3"\\\t', "AU  - ",
    "A1  - A, B", "T2  - J", "LA  - en", "ASReview_irrelevant", "ASReview_not_seen", "_", "é", "<12>", "12.",
    "Database: x", "\n", "\n", "\r\n", "\r", "\x85", "\u2028", "\x1c", "\ufeff", " ", "  - ",
)  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join))
def test_random_files(modules: Modules, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    content = f"TY  - JOUR\nTI  - A title\n{text}".encode()
    assert_agree(modules, tmp_path_factory.getbasetemp() / "random.ris", content, Format.RIS)
    assert_labels_agree(modules, tmp_path_factory.getbasetemp() / "random.ris", content)


def test_loaded_references(modules: Modules) -> None:
    digest, reference_id = "0f" * 32, "11111111-1111-4111-8111-111111111111"
    line = json.dumps({"id": reference_id, "existing": False, "file": "a.ris", "line": 1, "digest": digest})
    loaded = modules.call("loaded", content=base64.b64encode(f"{line}\n\n".encode()).decode())
    assert loaded == {digest: reference_id}
    for wrong in ("{", json.dumps({"id": reference_id}), json.dumps({"id": None, "digest": digest})):
        with pytest.raises(CallError, match="Line 2 is not what"):
            modules.call("loaded", content=base64.b64encode(f"{line}\n{wrong}\n".encode()).decode())
