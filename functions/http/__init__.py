"""The HTTP API: endpoints, authentication, requests, responses, and their description."""
