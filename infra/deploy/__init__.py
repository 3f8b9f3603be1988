"""The operator's commands: deploy, teardown, entra, rotate-master-key. Each may be run again and goes on."""
