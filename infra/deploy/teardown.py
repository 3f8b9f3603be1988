"""`make teardown`: everything that was deployed, deleted."""

from infra.deploy import entra, prerequisites
from infra.deploy.options import Options
from infra.deploy.resources import group_exists
from infra.deploy.terminal import confirm, say, step
from infra.deploy.tools import Tools, text


def teardown(options: Options, tools: Tools) -> None:
    """Say what goes, ask, delete it; and the application in Entra too if that was said."""
    prerequisites.check(tools, publishing=False)
    with step(f"Resource group {options.name}", "What is in the resource group can't be listed."):
        there = group_exists(tools, options.name)
        kept = _list(tools, options.name) if there else []
        if not there:
            say("does not exist")
    application = None
    if options.with_entra:
        with step(f"Application {options.name}", "Entra could not be asked for the application."):
            application = entra.find(tools, options.name)
            say("exists" if application else "does not exist")
    if not there and application is None:
        print("\nThere is nothing to delete.")
        return
    confirm("Delete all of this, with every reference, batch and robot in it?", yes=options.yes)
    if there:
        _delete_group(tools, options.name, kept)
    if application is not None:
        with step("Application", "The application could not be deleted: an owner of it can do that."):
            tools.az("ad", "app", "delete", "--id", text(application, "appId"))
            say("deleted")


def _list(tools: Tools, group: str) -> list[str]:
    """Show what is in the group; return what will be said of its vaults."""
    for one in tools.az("resource", "list", "--resource-group", group) or []:
        say(f"{text(one, 'type'):<50} {text(one, 'name')}")
    kept = []
    for vault in tools.az("keyvault", "list", "--resource-group", group) or []:
        name = text(vault, "name")
        shown = tools.az("keyvault", "show", "--resource-group", group, "--name", name)
        days = shown["properties"].get("softDeleteRetentionInDays", 90)
        kept.append(f"{name} stays soft-deleted for {days} days, its name taken: the next deployment recovers it.")
    return kept


def _delete_group(tools: Tools, group: str, kept: list[str]) -> None:
    failed = "The resource group could not be deleted: that takes the role Contributor, and no lock on it."
    with step("Deleting (takes some minutes)", failed):
        tools.az("group", "delete", "--name", group, "--yes")
        say("deleted")
    for line in kept:
        say(line)
