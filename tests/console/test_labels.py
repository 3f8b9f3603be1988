"""Files with the labels of people are read in the browser as `--labels` reads them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.cli.originals import compute_digest
from exchange.contract.enhancements import AnnotationSet, BooleanAnnotation
from exchange.domain.errors import InputRejected
from exchange.formats import Fault, Format, read_references
from tests.console.node import CallError, Modules
from tests.samples.references import FILE
from tests.unit.compare.sides import Json, boolean, make_enhancement, make_title, scored


def read_in_python(path: Path, format_: Format) -> Json:
    references, faults = [], []
    for reading in read_references(path, format_, source="labels"):
        if isinstance(reading, Fault):
            faults.append(reading.line)
            continue
        digest = {"digest": compute_digest(reading.record)} if format_ is Format.RIS else {}
        titles = [getattr(item.content, "title", None) for item in reading.reference.enhancements or []]
        references.append(
            {
                "id": None,
                "identifiers": [item.model_dump(mode="json") for item in reading.reference.identifiers or []],
                "title": next(filter(None, titles), None),
                "enhancements": [
                    {"source": item.source, "annotations": [describe(found) for found in item.content.annotations]}
                    for item in reading.reference.enhancements or []
                    if isinstance(item.content, AnnotationSet)
                ],
                **digest,
            }
        )
    return {"references": references, "faults": faults}


def describe(annotation: Any) -> Json:
    value = annotation.value if isinstance(annotation, BooleanAnnotation) else None
    return {"scheme": annotation.scheme, "label": annotation.label, "value": value, "score": annotation.score}


def assert_agree(modules: Modules, path: Path, content: bytes, format_: Format) -> Json | None:
    """Fail if both read other references from the file. Return what they read, or None if both refuse it."""
    path.write_bytes(content)
    values: Json = {"content": base64.b64encode(content).decode(), "chunk": 11, "format": str(format_)}
    try:
        expected = read_in_python(path, format_)
    except InputRejected:
        with pytest.raises(CallError):
            modules.call("labels", **values)
        return None
    read: Json = modules.call("labels", **values)
    assert all(fault["reason"].endswith(".") for fault in read["faults"])
    actual = {**read, "faults": [fault["line"] for fault in read["faults"]]}
    assert actual == expected
    return actual


TABLES = {
    "asreview": "title,doi,included\nA trial,10.1000/abc,1\nAnother,https://doi.org/10.1000/DEF,0\nNot seen,,\n",
    "a newer label of asreview": "title,included,asreview_label\nOne,1.0,0.0\nTwo,1,\nThree,no,Yes\nFour,n,\n",
    "semicolons": "Title;DOI;included\nOne, two;10.1000/a;1\n",
    "separator of Excel": "sep=;\r\nTitle;PMID;label_included\r\nOne;123.0;1.0\r\nTwo;0123;true\r\nThree;1_0;FALSE\r\n",
    "quotes": 'title,included\n"One ""quoted"", with\na break",1\n"",\n"Two",0\n',
    "quote that is never closed": 'title,included\n"One,1\nTwo,0\nThree,1\n',
    "text after a quote": 'title,included\n"One"x,1\nTwo,0\n',
    "cells beyond the header": "title,included\nOne,1,\nTwo,0,x\nThree\n",
    "several columns of one field": "Source Title,Title,Article Title,DOI Link,DOI,included\nJ,,Best,10.1000/b,,1\n",
    "formulas": "'=title,included,title\n'=SUM(A1),1,'-5\n",
    "links": (
        "title,url,included\nOne,https://pubmed.ncbi.nlm.nih.gov/12/ | https://doi.org/10.1000/x y,1\n"
        "Two,https://openalex.org/w12;https://example.org,0\n,https://example.org,1\n"
    ),
    "invalid identifiers": "doi,pmid,openalex,title,included\n11.1/x,0,X1,,1\n11.1/x,abc,https://openalex.org/W5,,1\n",
    "other spaces": "title,included\n\u00a0 One\u2003two \u0085,\u00a01\u2028\n",
    "old Mac": "title,included\rOne,1\rTwo,0\r",
    "blank lines": "\n\n title , included \n\nOne, 1\n\n",
    "tabs": "title\tincluded\nOne\t1\n",
    "no column": "a,b\n1,2\n",
    "header cut": '"title,included\nOne,1\n',
    "empty header": "\n",
    "label in another language": "Títle,títle,title,INCLUDED\na,b,c,1\n",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables(modules: Modules, tmp_path: Path, name: str, encoding: str) -> None:
    assert_agree(modules, tmp_path / "labels.csv", TABLES[name].encode(encoding), Format.CSV)


def test_a_table_of_labels(modules: Modules, tmp_path: Path) -> None:
    read = assert_agree(modules, tmp_path / "labels.csv", TABLES["asreview"].encode(), Format.CSV)
    assert read is not None
    values = [[found["value"] for item in reference["enhancements"] for found in item["annotations"]]
              for reference in read["references"]]  # fmt: skip
    assert values == [[True], [False], []]
    assert read["references"][1]["identifiers"] == [{"identifier_type": "doi", "identifier": "10.1000/DEF"}]


def test_windows_1252_and_damaged_utf_8(modules: Modules, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    read = assert_agree(modules, path, "title,included\nCafé,1\n".encode("cp1252"), Format.CSV)
    assert read is not None
    assert read["references"][0]["title"] == "Café"
    read = assert_agree(modules, path, b"title,included\n" + "ä,1\nö,0\nü,1\n".encode() + b"\xff,1\n", Format.CSV)
    assert read is not None
    assert read["faults"] == [5]


cells = st.text(st.sampled_from('ab"";,\t|\n\r \'=-1é'), max_size=8)
rows = st.lists(st.lists(cells, max_size=4).map(",".join), max_size=6).map("\n".join)


@given(rows, st.sampled_from(["title,included\n", "title;doi;included\r\n", "sep=|\ntitle|included\r"]))
def test_random_tables(modules: Modules, tmp_path_factory: pytest.TempPathFactory, text: str, header: str) -> None:
    path = tmp_path_factory.getbasetemp() / "random.csv"
    assert_agree(modules, path, (header + text).encode(), Format.CSV)


DOI = {"identifier_type": "doi", "identifier": "https://doi.org/10.1000/AbC"}
LINES: list[Json] = [
    {"identifiers": [DOI]},
    {"identifiers": [{"identifier_type": "pm_id", "identifier": 12}], "enhancements": None},
    {"enhancements": [make_title("A title"), make_enhancement([boolean("a"), scored("b", 0.5)], "people")]},
    {"enhancements": [make_enhancement([boolean("a", score=1)])], "identifiers": []},
    {"id": "ffffffff-ffff-4fff-bfff-ffffffffffff", "identifiers": [DOI]},
    {},
    {"identifiers": [{"identifier_type": "pm_id", "identifier": "12"}]},
    {"identifiers": [{"identifier_type": "pm_id", "identifier": 0}]},
    {"identifiers": [{"identifier_type": "open_alex", "identifier": "w1"}]},
    {"identifiers": [{"identifier_type": "other", "identifier": "x"}]},
    {"identifiers": [{"identifier_type": "other", "identifier": "x", "other_identifier_name": "y"}]},
    {"identifiers": {}},
    {"identifiers": [DOI], "enhancements": [make_enhancement([])]},
    {"identifiers": [DOI], "enhancements": [{}]},
]


def test_lines_of_a_references_file(modules: Modules, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + b"\n\n".join(json.dumps(line).encode() for line in LINES) + b"\nnot JSON\n"
    read = assert_agree(modules, tmp_path / "labels.jsonl", content, Format.JSONL)
    assert read is not None
    assert (len(read["references"]), len(read["faults"])) == (6, 9)


def test_sample_references(modules: Modules, tmp_path: Path) -> None:
    read = assert_agree(modules, tmp_path / "labels.jsonl", FILE.read_bytes(), Format.JSONL)
    assert read is not None
    assert len(read["references"]) == 500


def test_text_instead_of_a_stream(modules: Modules) -> None:
    read = modules.call("labelText", text=TABLES["asreview"], format="csv")
    assert len(read["references"]) == 3
