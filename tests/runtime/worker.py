"""Runs an app in Microsoft's own code: takes a request of the host in a line of JSON, gives the answer in another.

It is what `azure-functions-runtime` has around it in Azure, without gRPC: dataclasses stand for its messages. It uses
nothing of this project, so that it also runs where nothing of this project is but what is deployed.
"""

import asyncio
import base64
import dataclasses
import importlib
import json
import os
import sys
from types import SimpleNamespace
from typing import Any, TextIO

# The messages by which the library answers, with the fields that it may set.
_ANSWERS = {
    "WorkerInitResponse": "capabilities worker_metadata result",
    "WorkerMetadata": "runtime_name runtime_version worker_version worker_bitness custom_properties",
    "FunctionEnvironmentReloadResponse": "capabilities worker_metadata result",
    "FunctionMetadataResponse": "use_default_metadata_indexing function_metadata_results result",
    "RpcFunctionMetadata": "name function_id managed_dependency_enabled directory script_file entry_point is_proxy"
    " language bindings raw_bindings retry_options properties",
    "BindingInfo": "type data_type direction",
    "FunctionLoadResponse": "function_id result",
    "InvocationResponse": "invocation_id return_value result output_data",
    "StatusResult": "status exception",
    "RpcException": "message stack_trace",
    "TypedData": "string json bytes http int double",
    "RpcHttp": "status_code headers cookies enable_content_negotiation body",
}
protos = SimpleNamespace(
    **{
        name: dataclasses.make_dataclass(name, [(field, Any, None) for field in fields.split()])
        for name, fields in _ANSWERS.items()
    }
)
# Enums, as function_rpc.proto numbers them.
protos.StatusResult.Failure, protos.StatusResult.Success = 0, 1
protos.BindingInfo.out, protos.BindingInfo.inout, protos.BindingInfo.undefined = 1, 2, 0


class TypedData:
    """A value that comes in: of one kind, or of none."""

    def __init__(self, kind: str | None = None, value: Any = None) -> None:
        self._kind = kind
        if kind is not None:
            setattr(self, kind, value)

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Say which kind it is of."""
        assert group == "data", group
        return self._kind


class ParameterBinding:
    """The value of a parameter."""

    def __init__(self, name: str, data: TypedData) -> None:
        self.name = name
        self.data = data

    def WhichOneof(self, group: str) -> str:  # noqa: N802 - protobuf's name
        """Say that the value came by gRPC, not by shared memory."""
        assert group == "rpc_data", group
        return "data"


def main(directory: str) -> None:
    """Serve until stdin ends."""
    # What the app prints goes elsewhere than our answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    asyncio.run(_serve(directory, answers))
    answers.flush()
    # At once: the app's connections are open, as there is no end of an app that could close them.
    os._exit(0)


async def _serve(directory: str, answers: TextIO) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line, object_hook=_with_bytes)
        answer = await _answer(asked.pop("kind"), asked, directory)
        print(json.dumps(dataclasses.asdict(answer), default=_of_bytes), file=answers, flush=True)


async def _answer(kind: str, asked: dict[str, Any], directory: str) -> Any:
    runtime = importlib.import_module("azure_functions_runtime")
    if kind == "worker_init_request":
        # A worker that is started for an app is started in it.
        sys.path.insert(0, directory)
        os.chdir(directory)
        asked = {"capabilities": {}, "function_app_directory": directory}
    elif kind == "function_environment_reload_request":
        # One that has waited for an app finds its own way there.
        asked = {**asked, "function_app_directory": directory}
    elif kind == "invocation_request":
        asked = _invocation(**asked)
    message = SimpleNamespace(**{kind: SimpleNamespace(**asked)})
    request = SimpleNamespace(request=message, properties={"host": "127.0.0.1", "protos": protos})
    return await getattr(runtime, kind)(request)


def _invocation(invocation_id: str, function_id: str, data: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "invocation_id": invocation_id,
        "function_id": function_id,
        "input_data": [ParameterBinding(name, _typed(value)) for name, value in data.items()],
        "trigger_metadata": {name: _typed(value) for name, value in metadata.items()},
        "trace_context": SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        "retry_context": SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    }


def _typed(given: dict[str, Any]) -> TypedData:
    if not given:
        return TypedData()
    [(kind, value)] = given.items()
    if kind == "http":
        return TypedData(kind, SimpleNamespace(**{**value, "body": _typed(value["body"])}))
    return TypedData(kind, SimpleNamespace(**value) if kind == "model_binding_data" else value)


def _with_bytes(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def _of_bytes(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


if __name__ == "__main__":
    main(sys.argv[1])
