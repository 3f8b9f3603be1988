"""The comparison of two sets of annotations on the same references: of two batches, or of a batch and human labels.

Read both sides (`labels`), compare them (`comparison`), and write the result as text (`text`), JSON (`json_output`),
CSV (`csv_files`) or one HTML page (`page`).
"""
