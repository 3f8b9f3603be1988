"""What is found in a text that a user pastes or drops."""

import json

import pytest

from tests.console.node import Modules

ID = "5f6a3c1e-8d2b-4c7a-9e0f-1a2b3c4d5e6f"
OTHER_ID = "0b9c8d7e-6f5a-4b3c-8d1e-2f3a4b5c6d7e"
RIS = """\
TY  - JOUR
TI  - See also 10.1000/cited
DO  - https://doi.org/10.1000/record
UR  - https://pubmed.ncbi.nlm.nih.gov/123/
CR  - 10.1000/reference
ER  -
"""
NBIB = """\
PMID- 31978945
TI  - A study
AB  - Compare 10.1000/cited.
LID - 10.1000/record [doi]
AID - 10.1000/record [doi]
"""
BIBTEX = """\
@article{key2020,
  title = {A reply to 10.1000/cited},
  doi = {10.1000/Record},
  pmid = {31978945},
}
"""
CSV = """\
title,doi,year
"A study, with a comma",10.1000/one,2020
Another,https://doi.org/10.1000/two,2021
A third,,2022
"""
SEMICOLONS = "Title;DOI;Year\nOne;10.1000/one;2020\n;10.1000/two;\n"
SICI = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"

# A text, the ids in it, and the identifiers in it.
CASES: dict[str, tuple[str, list[str], list[str | int]]] = {
    "nothing": ("", [], []),
    "white space": ("  \n\t\n", [], []),
    "words": ("A title without an identifier, of 2020", [], []),
    "an id": (ID, [ID], []),
    "an id in capitals": (ID.upper(), [ID], []),
    "ids in any separators": (f"{ID}, {OTHER_ID};\r\n{ID}\r", [ID, OTHER_ID], []),
    "an id in an address": (f"https://exchange.example/console/references/{ID}", [ID], []),
    "an id of another version": ("5f6a3c1e-8d2b-1c7a-9e0f-1a2b3c4d5e6f", [], []),
    "a DOI": ("10.1000/xyz", [], ["10.1000/xyz"]),
    "a DOI with a prefix": ("doi:10.1000/xyz", [], ["10.1000/xyz"]),
    "a DOI of a resolver": ("https://doi.org/10.1000/xyz", [], ["10.1000/xyz"]),
    "a DOI of an old resolver": ("http://dx.doi.org/10.1000/xyz", [], ["10.1000/xyz"]),
    "a DOI at the end of a sentence": ("See 10.1000/xyz.", [], ["10.1000/xyz"]),
    "a DOI in brackets": ("(10.1000/xyz)", [], ["10.1000/xyz"]),
    "a DOI with brackets": ("10.1016/S0140-6736(20)30183-5", [], ["10.1016/S0140-6736(20)30183-5"]),
    "a DOI twice": ("10.1000/xyz\n10.1000/XYZ", [], ["10.1000/XYZ"]),
    "a DOI with a semicolon": (SICI, [], [SICI]),
    "a DOI that ends with a UUID": (f"10.1000/{ID}", [], [f"10.1000/{ID}"]),
    "an id and a DOI of the same reference": (f"{ID},10.1000/xyz", [ID], []),
    "two DOIs on a line": ("10.1000/a 10.1000/b", [], ["10.1000/a", "10.1000/b"]),
    "a DOI in quotes": ('"10.1000/xyz"', [], ["10.1000/xyz"]),
    "no DOI without a suffix": ("10.1000/", [], []),
    "a PubMed id": ("31978945", [], [31978945]),
    "a PubMed id with a prefix": ("PMID: 31978945", [], [31978945]),
    "a PubMed address": ("https://pubmed.ncbi.nlm.nih.gov/31978945/", [], [31978945]),
    "no PubMed id with a zero first": ("0123", [], []),
    "an OpenAlex id": ("W2741809807", [], ["W2741809807"]),
    "an OpenAlex address": ("https://openalex.org/W2741809807", [], ["W2741809807"]),
    "no OpenAlex id of four digits": ("W2741", [], []),
    "RIS": (RIS, [], ["10.1000/record"]),
    "RIS with the line ends of Windows": (RIS.replace("\n", "\r\n"), [], ["10.1000/record"]),
    "NBIB": (NBIB, [], [31978945, "10.1000/record"]),
    "BibTeX": (BIBTEX, [], ["10.1000/Record", 31978945]),
    "CSV": (CSV, [], ["10.1000/one", "10.1000/two"]),
    "CSV with semicolons": (SEMICOLONS, [], ["10.1000/one", "10.1000/two"]),
    "JSON lines with ids": ("\n".join(json.dumps({"id": item}) for item in (ID, OTHER_ID)), [ID, OTHER_ID], []),
    "JSON lines of a result": (json.dumps({"reference_id": ID, "message": "10.1000/cited"}), [ID], []),
    "a JSON line with identifiers": (
        json.dumps({"identifiers": [{"identifier_type": "doi", "identifier": "10.1000/xyz"}]}),
        [],
        ["10.1000/xyz"],
    ),
    "a JSON line without an id": (json.dumps({"title": "10.1000/cited"}), [], []),
    "a line that is almost JSON": ("{10.1000/xyz", [], ["10.1000/xyz"]),
    "a mark of the byte order": ("\ufeff10.1000/xyz", [], ["10.1000/xyz"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_found(modules: Modules, case: str) -> None:
    text, ids, identifiers = CASES[case]
    found = modules.call("identifiers", text=text)
    assert found["ids"] == ids
    assert [item["identifier"] for item in found["identifiers"]] == identifiers
    for item in found["identifiers"]:
        value = item["identifier"]
        expected = "pm_id" if isinstance(value, int) else "doi" if value.startswith("10.") else "open_alex"
        assert item["identifier_type"] == expected
