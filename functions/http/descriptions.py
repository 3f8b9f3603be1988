"""The texts of the OpenAPI document, in CommonMark."""

from http import HTTPStatus

ABOUT = """\
Requestors ask a robot to enhance a list of references. The robot gets one job, or several with parts of the list. The
exchange validates the result file that the robot uploads for each, imports the valid entries, and writes a report.

- **Requestors** call `POST /references/enhancement/batch`, then read the status until the batch request has ended. A
  webhook tells them without reading.
- **Robots** receive the job (see the webhook at the end), upload a result file, and call
  `POST /robot/enhancement/batch`.
- **Robots that cannot be called** fetch jobs from `POST /v1/robot-enhancement-batches`.
- **Contributors** load references.
- **Operators** register robots, and may do all of this.

JSON is UTF-8, and its types are strict: `"1"` is not a number. Unknown fields are ignored, except in the registration
and the settings of a robot. Unknown query parameters are refused. A trailing slash in a path makes no difference. Every
error is a `Problem`, whose `errors` has one sentence for each fault.

Files have one JSON object per line:

| file | schema of a line |
|---|---|
| references that a robot downloads from `reference_storage_url` | `Reference` |
| result that a robot uploads to `result_storage_url` | `BatchEnhancementResultEntry` |
| report at `validation_result_url` | `BatchRobotResultValidationEntry` |

**To try the API on this page**, choose *Authorize*, paste an access token under *Bearer*, and then choose *Try it out*
at an operation. The page cannot sign requests, so operations for robots need a program.
"""

# The tag of each module with endpoints, and what it describes. The document lists them in this order.
TAGS = {
    "batches": ("Batch requests", "Request enhancements, read the status, and call back as a robot."),
    "webhooks": ("Webhooks", "Be told when a batch request has ended, instead of reading its status."),
    "references": ("References", "Load, read and delete references with their identifiers and enhancements."),
    "robots": ("Robots", "Register robots, change them, and replace their secrets."),
    "v1": (
        "Present protocol of the reference repository",
        "For programs with `destiny-sdk` 0.4 to 0.17: requests, and jobs that robots fetch.",
    ),
    "v1_robots": (
        "Robots of the present protocol",
        "For programs with `destiny-sdk` 0.4 to 0.17: register robots that fetch their jobs.",
    ),
    "operations": ("Operations", "For operators: what the exchange is doing, what is stuck, and how to resend it."),
    "console": ("Console", "The web console: sign in and work with batch requests in a browser."),
    "service": ("Service", "The health of the exchange and its documentation."),
}

BEARER_SCHEME = """\
For requestors, contributors and operators: an access token with the app role `requestor`, `contributor` or `operator`.

In Azure, Microsoft Entra ID issues it:
`az account get-access-token --scope api://<client id>/.default --query accessToken --output tsv`.
The local stack writes a token for each role to `.local/stack.json`, under `tokens`.
On this page, paste the token without the word `Bearer`."""

SIGNATURE_SCHEME = """\
For robots: `Signature <hex>`, where `<hex>` is an HMAC with SHA-256 in lower-case hex. It is used together with
`X-Client-Id` and `X-Request-Timestamp`.

- **Key:** the robot's `client_secret` as UTF-8 text. The secret looks like hex, but it is not decoded.
- **Message:** the bytes of the body, `:`, the 16 bytes of the robot's id, `:`, and the text of `X-Request-Timestamp`.
- **Body:** the bytes exactly as they are sent. A GET signs the empty body, and must have none. Method and path are not
  signed.
- **Time:** a request whose timestamp differs from the receiver's clock by more than 300 seconds is refused.

The exchange signs its calls to a robot in the same way, with the same secret. After a secret was replaced, the previous
one stays valid for a day in both directions."""
CLIENT_ID_HEADER = "The id of the robot, a version 4 UUID. It is the id that is signed."
TIMESTAMP_HEADER = """\
When the request was signed: seconds since 1970-01-01 UTC as decimal text, for example `1795761608.460584`.
The text is signed exactly as it is sent."""

STATUS_MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON.",
    HTTPStatus.UNAUTHORIZED: "The access token or the signature is missing or invalid.",
    HTTPStatus.FORBIDDEN: "The caller is known, but is not allowed to do this.",
    HTTPStatus.NOT_FOUND: "The object does not exist. If references are unknown, their ids are listed.",
    HTTPStatus.CONFLICT: "The current state does not allow the request, or the name is taken.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body or a list in it exceeds a limit.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is compressed. Send it without `Content-Encoding`.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request does not match the schema, or its content cannot be accepted.",
    HTTPStatus.TOO_MANY_REQUESTS: "The caller has too many open batch requests. Repeat the request later.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The exchange has an internal error.",
    HTTPStatus.SERVICE_UNAVAILABLE: "A dependency is not available. Repeat the request later.",
}
# What a success means that is not the usual one of its operation.
SUCCESS_MEANINGS = {
    HTTPStatus.OK: "Nothing new was created. This is the answer to a dry run, what exists already, or a robot's error "
    "that was recorded.",
    HTTPStatus.NO_CONTENT: "There is no work at present.",
    HTTPStatus.NOT_MODIFIED: "Nothing has changed since the answer with the ETag in `If-None-Match`.",
}
RETRY_AFTER = "Seconds to wait before the request is repeated."
WWW_AUTHENTICATE = "The authentication schemes that this operation accepts."

RESULT_ENTRY = """\
One line of a robot's result file. A line with a `content` is an enhancement of a reference. Otherwise it is a message
about why the robot has no enhancement for the reference."""

SEND_JOB = """\
The exchange calls `POST <base_url>/batch/` of the robot that the batch request names. It signs the call with the
robot's secret. Verify the signature, answer at once, and do the work in the background.

The exchange may send the same job more than once, because an answer can get lost. Remember the ids of accepted jobs and
answer a repeated job with 202 or 409. The exchange does not follow redirects: a 3xx is a rejection.

If the robot does not answer within 30 seconds (the default limit), the exchange calls again, as after a 5xx."""

BATCH_ENDED = """\
The exchange posts this body to each enabled webhook of the requestor, by
[Standard Webhooks](https://www.standardwebhooks.com) 1.0. Verify the signature with the webhook's secret, answer with
any 2xx at once, and do the work afterwards.

Delivery is at least once. The same event has the same `webhook-id`, in each attempt and in a redelivery. If an attempt
fails, the exchange tries again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h. A longer `Retry-After`
in the answer postpones the attempt, by a day at most."""
WEBHOOK_TEST = """\
What `POST /webhooks/{webhook_id}/test` lets the exchange send: signed as every event, in one attempt."""
WEBHOOK_HEADERS = {
    "webhook-id": "The id of the delivery, which is the same for each attempt.",
    "webhook-timestamp": "When this attempt was signed: whole seconds since 1970-01-01 UTC.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`. After "
    "the secret was replaced, there are two signatures for a day, separated by a blank.",
}
# What an answer of a webhook's receiver means, by status.
RECEIVER_ANSWERS = {
    "2XX": "The event is delivered.",
    "3XX": "The attempt fails. Redirects are not followed.",
    "4XX": "The attempt fails.",
    "410": "The exchange disables the webhook.",
    "5XX": "The attempt fails.",
}

# What an answer of a robot means, by status. A `message`, `detail` or `error` in its JSON is the robot's message.
ROBOT_ANSWERS = {
    "2XX": "The robot accepts the job. The batch request is then `accepted`. Answer 202 by convention.",
    "3XX": "The robot rejects the job. Redirects are not followed.",
    "4XX": "The robot rejects the job. The batch request ends as `rejected`, and its `error` has the robot's message.",
    "401": "Try again: the robot does not accept the signature of the exchange. After the secret was replaced, the "
    "previous one is tried too. If the robot never accepts it, the batch request ends as `rejected`.",
    "403": "Try again, as after a 401.",
    "408": "Try again: the exchange repeats the call with increasing delays.",
    "409": "The robot already has the job. The job counts as accepted if the call repeats an earlier one. A 409 to the "
    "first call is a rejection.",
    "429": "Try again: the exchange repeats the call after at least `Retry-After`.",
    "5XX": "Try again: the exchange repeats the call after at least `Retry-After`. If the robot stays unavailable, the "
    "batch request ends as `failed`.",
}
