"""`make teardown`: delete everything that was deployed."""

from infra.deploy import prerequisites
from infra.deploy.application import find_application
from infra.deploy.options import Options
from infra.deploy.resources import group_exists
from infra.deploy.terminal import confirm, print_line, step
from infra.deploy.tools import Tools, read_text


def teardown(options: Options, tools: Tools) -> None:
    """List what exists, ask, and delete it. With ENTRA=1 the application in Entra is deleted too."""
    account = prerequisites.check(tools, publishing=False)
    with step(f"Resource group {options.name}", "The resources in the group could not be listed."):
        exists = group_exists(tools, options.name)
        notes = _list_resources(tools, options.name) if exists else []
        if not exists:
            print_line("does not exist")
    application = None
    if options.with_entra:
        with step(f"Application {options.name}", "The application could not be read from Entra."):
            application = find_application(tools, options, account)
            print_line(f"client id {read_text(application, 'appId')}" if application else "does not exist")
    if not exists and application is None:
        print("\nThere is nothing to delete.")
        return
    confirm("Delete all of this, including every reference, batch and robot?", yes=options.yes)
    if exists:
        _delete_group(tools, options.name, notes)
    if application is not None:
        failure = "The application could not be deleted. One of its owners can delete it."
        with step("Application", failure):
            tools.az("ad", "app", "delete", "--id", read_text(application, "appId"))
            print_line("deleted")


def _list_resources(tools: Tools, group: str) -> list[str]:
    """Print the resources in the group. Return what to print about its vaults after the deletion."""
    for resource in tools.az("resource", "list", "--resource-group", group) or []:
        print_line(f"{read_text(resource, 'type'):<50} {read_text(resource, 'name')}")
    notes = []
    for vault in tools.az("keyvault", "list", "--resource-group", group) or []:
        name = read_text(vault, "name")
        details = tools.az("keyvault", "show", "--resource-group", group, "--name", name)
        days = details["properties"].get("softDeleteRetentionInDays", 90)
        notes.append(f"{name} stays soft-deleted for {days} days. The next deployment recovers it.")
    return notes


def _delete_group(tools: Tools, group: str, notes: list[str]) -> None:
    failure = (
        "The resource group could not be deleted. You need the role Contributor, and the group must not be locked."
    )
    with step("Deletion (takes some minutes)", failure):
        tools.az("group", "delete", "--name", group, "--yes")
        print_line("deleted")
    for note in notes:
        print_line(note)
