"""Compatibility of `/v1` with the releases of destiny-sdk that speak the present protocol."""
