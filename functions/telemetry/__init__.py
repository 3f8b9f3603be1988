"""What the app tells of its work: spans, marks on its logs, metrics.

By the vendor-neutral API of OpenTelemetry alone: whoever runs the app decides where it all goes. With nobody there to
take it, everything here does next to nothing. None of it ever holds a URL, a body or a secret, or decides anything.
"""
