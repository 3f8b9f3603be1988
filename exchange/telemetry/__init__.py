"""Telemetry: spans, log fields and metrics.

Only the vendor-neutral API of OpenTelemetry is used. The process that runs the app decides where telemetry goes.
Without an SDK, telemetry costs next to nothing. It holds no URL, body or secret. No decision depends on what
it records.
"""
