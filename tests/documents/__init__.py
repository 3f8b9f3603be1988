"""Checks that the documents are true: names, links, examples, tables and quoted messages."""
