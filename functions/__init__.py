"""What Azure Functions calls: the triggers, the HTTP endpoints, and what each error becomes."""
