"""The reference repository's present protocol, under the path `/v1`. Programs with `destiny-sdk` 0.4 to 0.17 speak it.

Models have the names of the SDK, unless a model of `exchange.contract` has the name. Unknown fields are ignored,
because newer releases have more of them.
"""
