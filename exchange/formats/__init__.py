"""Reference files: RIS, BibTeX, CSV, TSV, XLSX, PubMed NBIB and XML, OpenAlex and Crossref JSON, and JSONL.

    for reading in read_references("embase.ris"):
        if isinstance(reading, Fault):
            print(f"{reading.file}:{reading.line}: {reading.reason}")
        else:
            load(reading.reference)

Reading yields one record at a time. A record that cannot be read is a `Fault` and costs no other. A file that cannot be
read at all raises InputRejected with one sentence.

A `Reading` has the reference to load, and the `Record` with everything that the file has. The contract has no field for
the language, the keywords or the notes of a record, nor for what only one format knows. Keep the original file to
write them again:

    rows = (Row(enhanced[key(reading)], reading.record) for reading in read_references("embase.ris"))
    write_references("enhanced.ris", "ris", rows)

With the original at hand, RIS, BibTeX and tables are written with all original fields in their order. What the
reference adds to them follows: missing fields, and its annotations as described in `tags`. A record of another format
is translated by the fields of `Record`. A row without the original has what the reference has.
"""

from exchange.formats.reading import read_references
from exchange.formats.record import Fault, Format, Reading, Record, Row
from exchange.formats.tables import FIELDS
from exchange.formats.writing import WRITABLE, write_references

__all__ = [
    "FIELDS",
    "WRITABLE",
    "Fault",
    "Format",
    "Reading",
    "Record",
    "Row",
    "read_references",
    "write_references",
]
