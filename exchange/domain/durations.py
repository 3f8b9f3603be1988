"""Durations as people write them."""

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def format_duration(seconds: float) -> str:
    """Return a duration in the largest unit that divides it: "24 hours", "15 minutes", "30 s"."""
    for length, unit in _UNITS:
        count, rest = divmod(seconds, length)
        # "24 hours" is the usual way to say a day.
        if rest == 0 and count >= (2 if unit == "day" else 1):
            return f"{count:.0f} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:.0f} s" if float(seconds).is_integer() else f"{seconds:g} s"
