"""The demo: two batches of real references on the local stack, from the request to the report."""
