"""Hypothesis strategies for almost valid lines of a result, with values that two parsers may read differently."""

import json
from collections.abc import Mapping

from hypothesis import strategies as st

from exchange.contract.enhancements import DriverVersion, Visibility

ONE = "a1111111-0000-4000-8000-00000000000f"

NUMBERS = [
    *("0", "-0", "-0.0", "1.0", "1e2", "1E+2", "1e-7", "0.1", "5e-324", "4.9e-324", "2.2250738585072011e-308"),
    *("1e15", "1e16", "1e22", "1e999", "-1e999", "1.7976931348623157e308", "1e-999", "9007199254740992.5"),
    *("9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740991", "-9007199254740993"),
    *("9007199254740991.0", "9007199254740991.5", "18446744073709551616", "1" * 30, "1" * 5000, f"0.{'3' * 5000}"),
    *("NaN", "Infinity", "-Infinity", "nan", "01", "1.", ".5", "+1", "1e", "0x1", "1_0", "--1", "-"),
]
STRINGS = [
    *('""', '"1"', '"a', "'a'", '"\\u2028"', '"\\ud800"', '"\\ud83e\\uddea"', '"\\uddea\\ud83e"', '"\\ud83e\\u0041"'),
    *('"\\u0000"', '"\\u00g0"', '"\\x41"', '"\\/\\b\\f\\n\\r\\t\\"\\\\"', '"\x7f"', '"\t"', '"\\U0001f9ea"'),
    *('"public"', '"Public"', '"publ\\u0069c"', '"PUBLIC"', '"boolean"', '"score"', '"abstract"', '"annotation"'),
]
DAYS = [
    *('"2024-02-29"', '"2023-02-29"', '"0000-01-01"', '"0001-01-01"', '"9999-12-31"', '"10000-01-01"', '"2024-2-29"'),
    *(
        '"2024-02-29T00:00:00"',
        '"2024-02-29Z"',
        '"20240229"',
        '"2024-W09-4"',
        '"2024-060"',
        '"٢٠٢٤-02-29"',
        "1709164800",
    ),
    *('" 2024-02-29"', '"2024-02-29\\n"', '"-2024-02-29"', '"2024-02-2\\u0039"'),
]
URLS = [
    *(
        '"https://a.test"',
        '"HTTPS://A.test/ż?q=%zz#f"',
        '"http://a b.test"',
        '"ftp://a.test"',
        '"http://"',
        '"http:///a"',
    ),
    *(
        '"http://a.test:99999/"',
        '"http://[::1]/"',
        '"http://[::1/"',
        '"http://256.256.256.256/"',
        '"http://xn--a.test"',
    ),
    *('"http://a.test/\\n"', '"http://a.test\\\\b"', '"http://user:word@a.test"', '"http://ż.test"', '"//a.test"'),
    *(f'"http://a.test/{"x" * 2069}"', f'"http://a.test/{"x" * 2070}"', '"http://a..test"', '"http://-a.test/"'),
]
IDS = [
    *(f'"{ONE}"', f'"{ONE.upper()}"', f'"{{{ONE}}}"', f'"urn:uuid:{ONE}"', f'"{ONE.replace("-", "")}"', f'" {ONE}"'),
    *('"a1111111-0000-1000-8000-00000000000f"', '"a1111111-0000-4000-c000-00000000000f"', f'"{ONE}\\n"'),
    *('"a11111110-000-4000-8000-00000000000f"', '"a1111111-0000-4000-8000-00000000000"', f'"\\u0061{ONE[1:]}"'),
    *(
        '"g1111111-0000-4000-8000-00000000000f"',
        '"a1111111-0000-4000-8000-0000000000 f"',
        '"a111-111-0000-4000-8000-0000000"',
    ),
]
OTHERS = [
    *(
        "null",
        "true",
        "false",
        "True",
        "[]",
        "{}",
        "[1,]",
        '{"a":1,}',
        "[[1]]",
        '{"a":1,"a":[2]}',
        "[" * 200 + "]" * 200,
    ),
    *('{"a":[{"b":[1]}]}', '{"a":{"b":{"c":{"d":1}}}}', "{1:2}", "[1 2]", "/**/1", '[null,true,"\\u0000",-0,1.50,1e2]'),
]
ODD_VALUES = (*NUMBERS, *STRINGS, *DAYS, *URLS, *IDS, *OTHERS)
TEXTS = st.builds(json.dumps, st.text(max_size=6), ensure_ascii=st.booleans()).filter(lambda text: "\\ud" not in text)
ODD = st.one_of(
    st.sampled_from(ODD_VALUES),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    TEXTS,
)
Parts = Mapping[str, st.SearchStrategy[str]]


def array(items: st.SearchStrategy[str], min_size: int = 0, max_size: int = 3) -> st.SearchStrategy[str]:
    return st.lists(items, min_size=min_size, max_size=max_size).map(lambda parts: f"[{','.join(parts)}]")


def one_in(times: int) -> st.SearchStrategy[bool]:
    """Return True once in `times` draws."""
    return st.sampled_from([False] * (times - 1) + [True])


def mostly(valid: st.SearchStrategy[str], odd: list[str]) -> st.SearchStrategy[str]:
    return one_in(15).flatmap(lambda wrong: st.sampled_from(odd) if wrong else valid)


@st.composite
def json_object(draw: st.DrawFn, required: Parts, optional: Parts) -> str:
    """Return the JSON of an object that is valid or almost valid in most draws."""
    names = list(required)
    if optional:
        names += draw(st.lists(st.sampled_from(list(optional)), unique=True))
    if draw(one_in(15)):
        names += draw(st.lists(st.sampled_from([*required, *optional, "unknown", "message", "Source"]), max_size=2))
    if draw(one_in(25)) and names:
        del names[draw(st.integers(0, len(names) - 1))]
    parts = {**optional, **required}
    values = [draw(ODD if draw(one_in(40)) else parts.get(name, ODD)) for name in names]
    members = [f'"{name}":{value}' for name, value in zip(names, values, strict=True)]
    if draw(st.booleans()):
        members = draw(st.permutations(members))
    return "{" + draw(st.sampled_from([",", ", ", " ,\t"])).join(members) + "}"


def one_word(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f'"{word}"' for word in words])


NULL = st.just("null")
DOUBLES = mostly(st.floats(-1e15, 1e15).map(repr) | st.integers(-99, 99).map(str), NUMBERS)
SCALARS = st.one_of(NULL, TEXTS, DOUBLES, st.sampled_from(["true", "false"]), st.integers(-999, 999).map(str))
DATA = st.recursive(
    SCALARS, lambda inner: array(inner, max_size=3) | json_object({}, {"a": inner, "b": inner}), max_leaves=5
)
OBJECTS = json_object({}, {"a": DATA, "ż": DATA, "\\u0061": DATA, "": DATA})
LABEL = {"scheme": TEXTS, "label": TEXTS}
ANNOTATIONS = json_object(
    {"annotation_type": one_word("boolean"), **LABEL, "value": st.sampled_from(["true", "false"])},
    {"score": DOUBLES | NULL, "data": OBJECTS},
) | json_object({"annotation_type": one_word("score"), **LABEL, "score": DOUBLES}, {"data": OBJECTS})
AUTHORS = json_object({"display_name": TEXTS, "orcid": TEXTS, "position": one_word("first", "middle", "last")}, {})
DAY = mostly(st.dates().map(lambda day: f'"{day}"') | NULL, DAYS)
WHOLE = mostly(st.integers(-(2**53) + 1, 2**53 - 1).map(str) | NULL, NUMBERS)
URL = mostly(st.sampled_from(URLS[:1]) | NULL, URLS)
CONTENTS = st.one_of(
    json_object(
        {"enhancement_type": one_word("annotation"), "annotations": array(ANNOTATIONS, min_size=1, max_size=3)}, {}
    ),
    json_object(
        {
            "enhancement_type": one_word("abstract"),
            "process": one_word("uninverted", "closed_api", "other"),
            "abstract": TEXTS,
        },
        {},
    ),
    json_object(
        {"enhancement_type": one_word("bibliographic")},
        {
            "authorship": array(AUTHORS, max_size=2) | NULL,
            "cited_by_count": WHOLE,
            "created_date": DAY,
            "publication_date": DAY,
            "publication_year": WHOLE,
            "publisher": TEXTS | NULL,
            "title": TEXTS | NULL,
        },
    ),
    json_object(
        {
            "enhancement_type": one_word("location"),
            "locations": array(
                json_object(
                    {},
                    {
                        "is_oa": st.sampled_from(["true", "false", "null"]),
                        "version": one_word(*DriverVersion) | NULL,
                        "landing_page_url": URL,
                        "pdf_url": URL,
                        "license": TEXTS | NULL,
                        "extra": OBJECTS | NULL,
                    },
                ),
                min_size=1,
                max_size=2,
            ),
        },
        {},
    ),
)
VERSION_4 = mostly(st.uuids(version=4).map(lambda new_id: f'"{new_id}"'), IDS)
ENHANCEMENTS = json_object(
    {
        "reference_id": VERSION_4,
        "source": TEXTS,
        "visibility": one_word(*Visibility),
        "content": CONTENTS,
    },
    {
        "id": VERSION_4 | NULL,
        "robot_version": TEXTS | NULL,
        "derived_from": array(VERSION_4, max_size=2) | NULL,
    },
)
ERRORS = json_object({"reference_id": VERSION_4, "message": TEXTS}, {"content": NULL, "source": TEXTS})
SURROUNDING = st.sampled_from([""] * 60 + [" ", "\t\r", "\ufeff", "\x00", "\v", "\xa0", "{}", ",", "x"])


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    line = (draw(SURROUNDING) + draw(ERRORS if draw(one_in(20)) else ENHANCEMENTS) + draw(SURROUNDING)).encode(
        "utf-8", "surrogatepass"
    )
    if draw(one_in(8)):
        place = draw(st.integers(0, len(line)))
        line = line[:place] + draw(st.binary(max_size=3)) + line[place + draw(st.integers(0, 3)) :]
    return line
