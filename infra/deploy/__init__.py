"""The operator's commands: deploy, teardown, entra, rotate-master-key. A failed command can be run again."""
