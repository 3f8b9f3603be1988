import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exchange.contract.enhancements import Abstract, AnnotationSet, Bibliographic
from exchange.formats import Fault, Format, Reading, read_references
from exchange.formats.from_reference import find_contents
from tests.unit.formats.files import DATA, read_all, read_records

COST = "When is it cost-effective to change the behavior of health professionals?"
ETHICS = '"Ethics and clinical research" revisited. A tribute to Henry K. Beecher'

# What each flavour writes differently.
FLAVOURS: dict[str, tuple[Format, list[dict[str, Any]]]] = {
    "zotero.ris": (
        Format.RIS,
        [
            {
                "line": 1,
                "authors": ("Müller, Jana", "Okafor, Chidi", "Lindqvist, Åsa"),
                "date": "2009-03-14",
                "year": "2009",
                "journal": "Journal of Invented Results",
                "first_page": "243",
                "last_page": "250",
                "doi": "10.5555/12345678",
                "keywords": ("Smoking Cessation", "Mental Disorders"),
                "notes": ("<p>Read twice</p>",),
                "language": "en",
            },
            {"line": 29, "type": "BOOK", "publisher": "Invented Press", "issns": ("978-3-16-148410-0",)},
        ],
    ),
    "endnote.ris": (
        Format.RIS,
        [
            {
                "title": COST,
                "pm_id": "11111111",
                "keywords": ("Cost-Benefit Analysis", "Health Behavior", "*Health Personnel"),
                "first_page": "2988",
                "last_page": "92",
                "issns": ("1111-2222",),
                "urls": ("https://example.org/first", "https://example.org/second"),
                "year": "2001",
                "date": "",
            }
        ],
    ),
    "ovid.ris": (
        Format.RIS,
        [
            {"line": 2, "title": ETHICS, "pm_id": "22222222", "year": "1993", "first_page": "31", "last_page": "39"},
            {"line": 22, "pm_id": "", "other_ids": (("embase", "2004567890"),), "date": "1996-06-15"},
        ],
    ),
    "embase.ris": (
        Format.RIS,
        [{"pm_id": "33333333", "other_ids": (("embase", "L51234567"),), "doi": "10.5555/s11239", "volume": "33"}],
    ),
    "pubmed.ris": (
        Format.RIS,
        [{"line": 4, "pm_id": "44444444", "date": "2013-08-05", "first_page": "1", "last_page": "9", "urls": ()}],
    ),
    "asreview.ris": (Format.RIS, [{"included": True}, {"included": False}, {"included": None}]),
    "zotero.bib": (
        Format.BIBTEX,
        [
            {
                "line": 4,
                "title": "What do persons with mental illnesses need to quit smoking? Mental health consumer and "
                "provider perspectives",
                "authors": ("Müller, Jana", "Okafor, Chidi", "World Health Organization and Partners"),
                "abstract": "Forty-one percent (41%) of persons & others.",
                "journal": "Journal of Invented Results",
                "date": "2009-03-14",
                "doi": "10.5555/a_b",
                "first_page": "243",
                "last_page": "250",
                "keywords": ("Smoking Cessation", "Mental Disorders"),
                "notes": ("PMID: none",),
            },
            {"line": 23, "type": "BOOK", "title": COST, "year": "2001", "date": "2001-12-19"},
        ],
    ),
    "zotero.csv": (
        Format.CSV,
        [
            {
                "type": "JOUR",
                "authors": ("Müller, Jana", "Okafor, Chidi"),
                "abstract": 'OBJECTIVES: "Forty-one" percent, of persons.\nMETHODS: Ten focus groups.',
                "journal": "Journal of Invented Results",
                "keywords": ("Smoking Cessation", "Mental Disorders"),
            }
        ],
    ),
    "excel.csv": (
        Format.CSV,
        [
            {"title": '"Ethics and clinical research" revisited', "pm_id": "22222222", "included": True},
            {"line": 3, "pm_id": "55555555", "year": "1996", "included": False},
            {"pm_id": "", "year": "2001", "included": None},
        ],
    ),
    "pubmed.nbib": (
        Format.NBIB,
        [
            {
                "line": 2,
                "title": f"{ETHICS}.",
                "authors": ("Katz, Jay",),
                "pm_id": "22222222",
                "doi": "10.5555/nbib.1",
                "year": "1993",
                "date": "",
                "issns": ("1111-2222",),
                "other_ids": (("pmc", "PMC1234567"),),
                "keywords": ("consent", "*Ethics, Medical"),
            },
            {"line": 28, "title": "A second record", "date": "2013-08-05"},
        ],
    ),
    "pubmed.xml": (
        Format.PUBMED_XML,
        [
            {
                "line": 4,
                "title": f"{ETHICS}.",
                "abstract": "OBJECTIVE: The doctrine of informed consent.\n"
                "METHODS: Cannot be readily transplanted, p<0.05.",
                "authors": ("Katz, Jay", "Consent Group"),
                "pm_id": "22222222",
                "doi": "10.5555/xml.1",
                "date": "1993-09-05",
                "journal": "The Hastings Invented report",
                "keywords": ("Ethics, Medical",),
            },
            {"line": 37, "year": "2013", "date": "", "doi": ""},
        ],
    ),
    "crossref.json": (
        Format.CROSSREF,
        [
            {
                "line": 2,
                "title": COST,
                "abstract": "Background\nBecause of the workings, p < 0.05.",
                "authors": ("Mason, James", "Invented Group"),
                "orcids": ("0000-0001-2345-6789", ""),
                "date": "2001-12-19",
                "journal": "Journal of Invented Results & Methods",
                "cited_by_count": 7,
            },
            {"line": 15, "title": "", "doi": "10.5555/cr.2"},
        ],
    ),
}


@pytest.mark.parametrize("name", FLAVOURS)
def test_a_flavour_is_recognised_and_read(name: str) -> None:
    expected_format, expected = FLAVOURS[name]
    records = read_records(DATA / name)
    assert {record.format for record in records} == {expected_format}
    assert len(records) == len(expected)
    for record, fields in zip(records, expected, strict=True):
        assert {field: getattr(record, field) for field in fields} == fields


@pytest.mark.parametrize("name", FLAVOURS)
def test_the_content_decides_and_not_the_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "references.txt"
    path.write_bytes((DATA / name).read_bytes())
    assert [record.raw for record in read_records(path)] == [record.raw for record in read_records(DATA / name)]


def test_openalex_works_are_read_and_another_value_in_the_list_is_a_fault() -> None:
    first, fault, second = read_references(DATA / "openalex.json")
    assert isinstance(first, Reading)
    assert first.record.abstract == "Because of the of workings"
    assert first.record.orcids == ("0000-0001-2345-6789", "")
    assert (first.record.doi, first.record.pm_id, first.record.open_alex) == ("10.5555/oa.1", "11111111", "W2000000001")
    assert fault == Fault("openalex.json", 26, "The record is not a JSON object.")
    assert isinstance(second, Reading)
    assert second.record.title == "A second work"


@pytest.mark.parametrize("name", ["openalex.json", "crossref.json"])
def test_works_may_come_one_per_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "works.jsonl"
    path.write_text(
        '{"id": "https://openalex.org/W1", "DOI": "10.5555/1"}\n{"id": \n{"id": "https://openalex.org/W2"}\n'
    )
    first, fault, *_ = read_references(path, name.removesuffix(".json"))
    assert isinstance(first, Reading)
    assert isinstance(fault, Fault)
    assert fault.line == 2


def test_a_record_becomes_a_reference_with_all_that_the_contract_has() -> None:
    reference = read_all(DATA / "zotero.ris", source="search")[0].reference
    content = next(find_contents(reference, Bibliographic))
    assert content.publication_date == date(2009, 3, 14)
    assert content.publication_year == 2009
    assert [(author.display_name, author.position) for author in content.authorship or []] == [
        ("Müller, Jana", "first"),
        ("Okafor, Chidi", "middle"),
        ("Lindqvist, Åsa", "last"),
    ]
    assert content.pagination is not None
    assert content.pagination.model_dump() == {"volume": "12", "issue": "3", "first_page": "243", "last_page": "250"}
    assert content.publication_venue is not None
    assert content.publication_venue.display_name == "Journal of Invented Results"
    assert next(find_contents(reference, Abstract)).process == "other"
    assert [identifier.identifier for identifier in reference.identifiers or []] == ["10.5555/12345678"]
    assert {enhancement.source for enhancement in reference.enhancements or []} == {"search"}


def test_a_label_of_a_screening_becomes_an_annotation() -> None:
    found = [list(find_contents(reading.reference, AnnotationSet)) for reading in read_all(DATA / "asreview.ris")]
    annotation: dict[str, Any] = {
        "annotation_type": "boolean",
        "scheme": "screening",
        "label": "included",
        "score": None,
        "data": {},
    }
    assert [[content.annotations[0].model_dump() for content in contents] for contents in found] == [
        [{**annotation, "value": True}],
        [{**annotation, "value": False}],
        [],
    ]


def test_references_of_a_references_file_are_unchanged() -> None:
    path = DATA / "native.jsonl"
    found = [json.loads(reading.reference.model_dump_json(exclude_unset=True)) for reading in read_all(path)]
    assert found == [json.loads(line) for line in path.read_text().splitlines()]
