"""All checks, in the order in which they are shown."""

from exchange.robots.check.checks import (
    answers,
    callbacks,
    downloads,
    entries,
    leases,
    pulls,
    restarts,
    results,
    signatures,
    urls,
)

CHECKS = (
    *signatures.CHECKS,
    *answers.CHECKS,
    *downloads.CHECKS,
    *urls.CHECKS,
    *callbacks.CHECKS,
    *results.CHECKS,
    *entries.CHECKS,
    *pulls.CHECKS,
    *leases.CHECKS,
    *restarts.CHECKS,
)
