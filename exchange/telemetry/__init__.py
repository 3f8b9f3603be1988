"""Telemetry: spans, log fields and metrics.

Only the vendor-neutral API of OpenTelemetry is used. The process that runs the app decides where telemetry goes.
Without an SDK, telemetry costs next to nothing. Telemetry never holds a URL, a body or a secret, and no decision depends on it.
"""
