"""A stand-in for `az`. It records its calls, keeps its state in a file, and fails where a test says so.

It supports only the commands that infra/deploy uses, and the rules that matter there. A secret is set from a file that
only its owner can read. Graph accepts a scope only after it is stored. The app can be subscribed only after it is
published. The program starts hundreds of times, so it imports little.
"""

from __future__ import annotations

import json
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]
    Command = Callable[[Json, dict[str, list[str]]], Any]

STATE = os.environ["STAND_IN_STATE"]
SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"


def main(name: str, arguments: list[str]) -> int:
    """Record the call, run the command and print its output."""
    write("calls.jsonl", json.dumps([name, *arguments]) + "\n", mode="a")
    words = [name, *arguments]
    faults = json.loads(read(f"{STATE}/faults.json"))
    for fault in faults:
        if words[: len(fault["words"])] == fault["words"] and fault["times"] != 0:
            fault["times"] -= 1
            write("faults.json", json.dumps(faults))
            return print_error(fault["stderr"])
    cloud: Json = json.loads(read(f"{STATE}/cloud.json"))
    try:
        output = run_command(cloud, words)
    except AzureError as error:
        return print_error(str(error))
    write("cloud.json", json.dumps(cloud))
    if output is not None:
        sys.stdout.write(output if isinstance(output, str) else json.dumps(output.value) + "\n")
    return 0


def read(file: str) -> str:
    with open(file) as opened:  # noqa: PTH123 - pathlib takes long to import
        return opened.read()


def write(name: str, text: str, mode: str = "w") -> None:
    """Write a file of the state."""
    with open(f"{STATE}/{name}", mode) as opened:  # noqa: PTH123 - as above
        opened.write(text)


class AzureError(Exception):
    """The command fails with this message."""


class JsonOutput:
    """JSON that the command prints."""

    def __init__(self, value: Any) -> None:
        self.value = value


def print_error(message: str) -> int:
    sys.stderr.write(f"WARNING: something that does not matter\nERROR: {message}\n")
    return 1


def run_command(cloud: Json, words: list[str]) -> Any:
    """Run the command. Return its text, or the part of its JSON that --query selects."""
    first = next((n for n, word in enumerate(words) if word.startswith("--")), len(words))
    command = " ".join(words[1:first])
    options: dict[str, list[str]] = {}
    for word in words[first:]:
        if word.startswith("--"):
            name = word
            options.setdefault(name, [])
        else:
            options[name].append(word)
    if command not in COMMANDS:
        raise AzureError(f"'{command}' is misspelled or not recognized by the system.")
    answer = COMMANDS[command](cloud, options)
    if isinstance(answer, str) or answer is None:
        return answer
    for part in options.get("--query", [""])[0].split("."):
        answer = answer[part] if part else answer
    return JsonOutput(answer)


def describe_account(account: Json) -> Json:
    return {"id": SUBSCRIPTION, "name": "Reviews", "tenantId": "tenant", "user": account}


def account_show(cloud: Json, _: Json) -> Any:
    if cloud["account"] is None:
        raise AzureError("Please run 'az login' to setup account.")
    return describe_account(cloud["account"])


def group_create(cloud: Json, options: Json) -> Any:
    cloud["groups"][options["--name"][0]] = options["--location"][0]
    return {"name": options["--name"][0]}


def group_delete(cloud: Json, options: Json) -> None:
    group = options["--name"][0]
    assert "--yes" in options
    del cloud["groups"][group]
    cloud["deleted_vaults"] += [vault for vault in cloud["vaults"] if f"/{group}/" in vault["id"]]
    cloud.update(vaults=[], deployments=[], parameters={}, published=False)


def list_deleted_vaults(cloud: Json, _: Json) -> Any:
    location = "northeurope"
    return [
        {"name": vault["name"], "properties": {"vaultId": vault["id"], "location": location}}
        for vault in cloud["deleted_vaults"]
    ]


def recover_vault(cloud: Json, options: Json) -> Any:
    (vault,) = (vault for vault in cloud["deleted_vaults"] if vault["name"] == options["--name"][0])
    cloud["deleted_vaults"].remove(vault)
    cloud["vaults"].append(vault)
    return vault


def deployment_create(cloud: Json, options: Json) -> Any:
    group, name = options["--resource-group"][0], options["--name"][0]
    assert group in cloud["groups"]
    cloud["deployments"].append(name)
    if name == "events":
        if not cloud["published"]:
            raise AzureError("The attempt to validate the provided endpoint failed: 404.")
        return {"properties": {"provisioningState": "Succeeded"}}
    if any(vault["name"] == "vault-of-dev" for vault in cloud["deleted_vaults"]):
        raise AzureError("A vault with the same name already exists in deleted state.")
    given = dict(parameter.split("=", 1) for parameter in options["--parameters"] if "=" in parameter)
    cloud["parameters"] = {name: {"type": "String", "value": value} for name, value in given.items()}
    if not cloud["vaults"]:
        within = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers"
        cloud["vaults"].append({"name": "vault-of-dev", "id": f"{within}/Microsoft.KeyVault/vaults/vault-of-dev"})
    return {"properties": {"outputs": outputs(cloud)}}


def outputs(cloud: Json) -> Json:
    values = {
        "functionAppName": "app-of-dev",
        "apiUrl": cloud["api"],
        "vaultName": "vault-of-dev",
        "masterKeyName": "robot-master-key",
        "dataStorageName": "dataofdev",
        "applicationInsightsName": "insights-of-dev",
        "eventTopicName": "events-of-dev",
    }
    return {name: {"type": "String", "value": value} for name, value in values.items()}


def deployment_show(cloud: Json, options: Json) -> Any:
    if options["--name"][0] not in cloud["deployments"]:
        raise AzureError("Deployment 'main' could not be found.")
    return {"properties": {"outputs": outputs(cloud), "parameters": cloud["parameters"]}}


def secret(where: str) -> Command:
    def show(cloud: Json, options: Json) -> Any:
        name = options["--name"][0]
        if name not in cloud[where]:
            raise AzureError(f"(SecretNotFound) A secret with (name/id) {name} was not found in this key vault.")
        return {"id": f"https://vault-of-dev/{name}", "value": cloud[where][name][-1]}

    return show


def secret_set(cloud: Json, options: Json) -> Any:
    file = options["--file"][0]
    assert stat.S_IMODE(os.stat(file).st_mode) == stat.S_IRUSR | stat.S_IWUSR  # noqa: PTH116 - as above
    name = options["--name"][0]
    if name in cloud["deleted_secrets"]:
        raise AzureError("(Conflict) Secret is currently in a deleted but recoverable state.")
    cloud["secrets"].setdefault(name, []).append(read(file))
    return secret("secrets")(cloud, options)


def secret_recover(cloud: Json, options: Json) -> Any:
    name = options["--name"][0]
    cloud["secrets"][name] = cloud["deleted_secrets"].pop(name)
    return secret("secrets")(cloud, options)


def app_create(cloud: Json, options: Json) -> Any:
    name, number = options["--display-name"][0], len(cloud["apps"]) + 1
    api: Json = {"requestedAccessTokenVersion": None, "oauth2PermissionScopes": [], "preAuthorizedApplications": []}
    application = {"id": f"object-{number}", "appId": f"client-{number}", "displayName": name}
    created = {"createdDateTime": "2026-11-27T09:00:00Z", "owners": [signed_in(cloud)]}
    cloud["apps"].append({**application, **created, "identifierUris": [], "appRoles": [], "api": api})
    return cloud["apps"][-1]


def signed_in(cloud: Json) -> Json:
    user = cloud["account"]
    if user["type"] == "user":
        return {"id": "person-1", "userPrincipalName": user["name"], "displayName": "Ada"}
    return {"id": f"object of {user['name']}", "displayName": user["name"]}


def app_show(cloud: Json, options: Json) -> Any:
    wanted = options["--id"][0]
    found = [app for app in cloud["apps"] if wanted in {app["id"], app["appId"]}]
    if not found:
        raise AzureError(f"Application with appId or objectId {wanted} does not exist.")
    return found[0]


def list_owners(kind: str, key: str) -> Command:
    def list_them(cloud: Json, options: Json) -> Any:
        (found,) = (item for item in cloud[kind] if item[key] == options["--id"][0])
        return found.get("owners", [])

    return list_them


def app_list(cloud: Json, options: Json) -> Any:
    return [app for app in cloud["apps"] if app["displayName"].startswith(options["--display-name"][0])]


def app_delete(cloud: Json, options: Json) -> None:
    cloud["apps"] = [app for app in cloud["apps"] if app["appId"] != options["--id"][0]]


def principal_list(cloud: Json, options: Json) -> Any:
    return [
        principal for principal in cloud["principals"] if options["--filter"][0] == f"appId eq '{principal['appId']}'"
    ]


def principal_create(cloud: Json, options: Json) -> Any:
    principal = {"id": f"principal-{len(cloud['principals']) + 1}", "appId": options["--id"][0]}
    cloud["principals"].append({**principal, "owners": [signed_in(cloud)]})
    return cloud["principals"][-1]


def rest(cloud: Json, options: Json) -> Any:
    method, url = options["--method"][0], options["--url"][0]
    body = json.loads(options.get("--body", ["{}"])[0])
    if url.endswith("/appsettings/refresh?api-version=2022-03-01"):
        cloud["refreshes"].append(url)
    elif "/Microsoft.Consumption/budgets?" in url:
        return {"value": cloud["budgets"]}
    elif method == "PATCH":
        patch_app(next(app for app in cloud["apps"] if url.endswith(f"/applications/{app['id']}")), body)
    elif method == "POST":
        cloud["assignments"].append(body)
    else:
        return {"value": [item for item in cloud["assignments"] if f"/{item['resourceId']}/" in url]}
    return None


def patch_app(app: Json, body: Json) -> None:
    api = body.pop("api", {})
    known = {scope["id"] for scope in app["api"]["oauth2PermissionScopes"]}
    clients = api.get("preAuthorizedApplications", [])
    trusted = {scope for client in clients for scope in client["delegatedPermissionIds"]}
    if not trusted <= known:
        raise AzureError("Property api.preAuthorizedApplications has a Permission Id that cannot be found.")
    app.update(body)
    app["api"].update(api)


def restart(cloud: Json, _: Json) -> None:
    cloud["restarts"] += 1


def list_subscriptions(cloud: Json, _: Json) -> Any:
    exists = "events" in cloud["deployments"] and cloud["subscription"]
    return [{"name": "results", "provisioningState": cloud["subscription"]}] if exists else []


def list_functions(cloud: Json, _: Json) -> Any:
    return [{"name": f"app-of-dev/{name}"} for name in ("sweep", "validate")] if cloud["published"] else []


COMMANDS: dict[str, Command] = {
    "version": lambda cloud, _: {"azure-cli": cloud["az_version"], "azure-cli-core": cloud["az_version"]},
    "bicep version": lambda cloud, _: f"Bicep CLI version {cloud['bicep_version']} (abcdef)\n",
    "account show": account_show,
    "account get-access-token": lambda cloud, _: {"accessToken": cloud["token"], "tokenType": "Bearer"},
    "ad signed-in-user show": lambda _, __: {"id": "person-1"},
    "ad sp show": lambda _, options: {"id": f"object of {options['--id'][0]}"},
    "ad sp list": principal_list,
    "ad sp create": principal_create,
    "ad app list": app_list,
    "ad sp owner list": list_owners("principals", "id"),
    "ad app create": app_create,
    "ad app show": app_show,
    "ad app owner list": list_owners("apps", "appId"),
    "ad app delete": app_delete,
    "group exists": lambda cloud, options: options["--name"][0] in cloud["groups"],
    "group create": group_create,
    "group show": lambda cloud, options: {"location": cloud["groups"][options["--name"][0]]},
    "group delete": group_delete,
    "resource list": lambda cloud, _: [
        {"type": "Microsoft.KeyVault/vaults", "name": vault["name"]} for vault in cloud["vaults"]
    ],
    "keyvault list": lambda cloud, _: cloud["vaults"],
    "keyvault show": lambda _, __: {"properties": {"softDeleteRetentionInDays": 30}},
    "keyvault list-deleted": list_deleted_vaults,
    "keyvault recover": recover_vault,
    "keyvault secret show": secret("secrets"),
    "keyvault secret show-deleted": secret("deleted_secrets"),
    "keyvault secret set": secret_set,
    "keyvault secret recover": secret_recover,
    "deployment group what-if": lambda _, __: "Resource changes: 30 to create.\n",
    "deployment group create": deployment_create,
    "deployment group show": deployment_show,
    "functionapp function list": list_functions,
    "functionapp restart": restart,
    "eventgrid system-topic event-subscription list": list_subscriptions,
    "rest": rest,
}

if __name__ == "__main__":
    sys.exit(main("az", sys.argv[1:]))
