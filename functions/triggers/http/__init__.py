"""HTTP: endpoints, the one door that every request passes, and what describes them."""
