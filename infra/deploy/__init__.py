"""The operator's commands: deploy, teardown, entra, rotate-master-key, settings. A failed command can be run again."""
