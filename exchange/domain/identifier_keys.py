"""The key of an identifier: identifiers with the same key are the same identifier."""

import hashlib
import json

from exchange.contract.identifiers import DOIIdentifier, ExternalIdentifier, OtherIdentifier


def make_key(identifier: ExternalIdentifier) -> str:
    """Return the key as 64 hex digits: a digest, because ids in the store allow fewer characters than identifiers.

    DOIs are case-insensitive.
    """
    value = str(identifier.identifier)
    scheme = [str(identifier.identifier_type)]
    if isinstance(identifier, DOIIdentifier):
        value = value.lower()
    if isinstance(identifier, OtherIdentifier):
        scheme.append(identifier.other_identifier_name)
    # As JSON, so that different parts never give the same text.
    return hashlib.sha256(json.dumps([*scheme, value]).encode()).hexdigest()


def describe_identifier(identifier: ExternalIdentifier) -> str:
    """Return the type and the value, for a sentence."""
    scheme = identifier.other_identifier_name if isinstance(identifier, OtherIdentifier) else identifier.identifier_type
    return f"{scheme} '{identifier.identifier}'"
