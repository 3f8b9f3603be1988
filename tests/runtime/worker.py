"""Runs an app in Microsoft's worker library. Reads a request of the host per line of JSON, and writes the response.

It takes the place of the worker process around `azure-functions-runtime`, without gRPC: dataclasses represent the
messages. It imports nothing of this project, so that it also runs where only the deployed files are.
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

# The messages of the library's responses, with the fields that it may set.
_RESPONSES = {
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
        for name, fields in _RESPONSES.items()
    }
)
# Enums, with their numbers in function_rpc.proto.
protos.StatusResult.Failure, protos.StatusResult.Success = 0, 1
protos.BindingInfo.out, protos.BindingInfo.inout, protos.BindingInfo.undefined = 1, 2, 0


class TypedData:
    """An incoming value of one kind. Without a kind it is empty."""

    def __init__(self, kind: str | None = None, value: Any = None) -> None:
        self._kind = kind
        if kind is not None:
            setattr(self, kind, value)

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return the kind."""
        assert group == "data", group
        return self._kind


class ParameterBinding:
    """The value of a parameter."""

    def __init__(self, name: str, data: TypedData) -> None:
        self.name = name
        self.data = data

    def WhichOneof(self, group: str) -> str:  # noqa: N802 - protobuf's name
        """Return that the value came by gRPC, not by shared memory."""
        assert group == "rpc_data", group
        return "data"


def main(directory: str) -> None:
    """Serve until stdin ends."""
    # The app's own output must not mix with the responses.
    responses, sys.stdout = sys.stdout, sys.stderr
    asyncio.run(_serve(directory, responses))
    responses.flush()
    # Exit without cleanup, because the app has open connections and no hook to close them.
    os._exit(0)


async def _serve(directory: str, responses: TextIO) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line, object_hook=_decode_bytes)
        response = await _handle(request.pop("kind"), request, directory)
        print(json.dumps(dataclasses.asdict(response), default=_encode_bytes), file=responses, flush=True)


async def _handle(kind: str, fields: dict[str, Any], directory: str) -> Any:
    runtime = importlib.import_module("azure_functions_runtime")
    if kind == "worker_init_request":
        # A worker that is started for an app runs in its directory.
        sys.path.insert(0, directory)
        os.chdir(directory)
        fields = {"capabilities": {}, "function_app_directory": directory}
    elif kind == "function_environment_reload_request":
        # A worker that was started without an app changes the directory itself.
        fields = {**fields, "function_app_directory": directory}
    elif kind == "invocation_request":
        fields = _make_invocation(**fields)
    message = SimpleNamespace(**{kind: SimpleNamespace(**fields)})
    request = SimpleNamespace(request=message, properties={"host": "127.0.0.1", "protos": protos})
    return await getattr(runtime, kind)(request)


def _make_invocation(
    invocation_id: str, function_id: str, data: dict[str, Any], metadata: dict[str, Any]
) -> dict[str, Any]:
    return {
        "invocation_id": invocation_id,
        "function_id": function_id,
        "input_data": [ParameterBinding(name, _to_typed(value)) for name, value in data.items()],
        "trigger_metadata": {name: _to_typed(value) for name, value in metadata.items()},
        "trace_context": SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        "retry_context": SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    }


def _to_typed(content: dict[str, Any]) -> TypedData:
    if not content:
        return TypedData()
    [(kind, value)] = content.items()
    if kind == "http":
        return TypedData(kind, SimpleNamespace(**{**value, "body": _to_typed(value["body"])}))
    return TypedData(kind, SimpleNamespace(**value) if kind == "model_binding_data" else value)


def _decode_bytes(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def _encode_bytes(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


if __name__ == "__main__":
    main(sys.argv[1])
