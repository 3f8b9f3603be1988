// @ts-check
// What each alert means and what to do. `make docs` generates this file from docs/operating.md: do not edit it.

/** The parts of a section by the name of its alert. @type {Record<string, {part: string, text: string}[]>} */
export const RUNBOOK = {
  "dead-letter-queue": [
    {
      "part": "It means",
      "text": "a message to call a robot, to import a result, to report the end of a part or to notify a webhook failed ten times, or expired after 14 days. The sweep resends messages of overdue batches, so a batch with a single dead letter may be finished already. Many dead letters have a common cause, for example an outage of Cosmos DB."
    },
    {
      "part": "Look at",
      "text": "`exchange ops dead-letters list`, which prints the reason of each dead letter. Then search the logs for the batch ids."
    },
    {
      "part": "Do",
      "text": "fix the cause, then run `exchange ops dead-letters resend --all`."
    }
  ],
  "poison-queue": [
    {
      "part": "It means",
      "text": "the validation of an uploaded result failed five times in a row, and the host moved its event to the poison queue. The sweep finds uploads that are not validated, so the batch may continue without your help."
    },
    {
      "part": "Look at",
      "text": "the errors of the function `validate` in the workbook. Then search the logs for the batch id, which is the name of the blob in `results`."
    },
    {
      "part": "Do",
      "text": "if storage or the host had failed, run `exchange ops dead-letters resend --all`. If the content of the file is the cause, it is a bug, because faults of a file belong in the report. Keep the blob, and file an issue."
    }
  ],
  "event-dead-letters": [
    {
      "part": "It means",
      "text": "Event Grid could not deliver the event of an upload for a day, or the app refused it. Event Grid wrote the event to the container `dead-letters`. The batch is not lost, because the sweep finds results that are not validated."
    },
    {
      "part": "Look at",
      "text": "the subscription `results` of the system topic: its endpoint, and its delivery errors. Delivery fails if the host's key or the name of the function has changed."
    },
    {
      "part": "Do",
      "text": "run `make deploy` again, which updates the endpoint. Then run `exchange ops dead-letters resend --all`, and check that the batches continue."
    }
  ],
  "batch-overdue": [
    {
      "part": "It means",
      "text": "the oldest open batch is two hours older than `ROBOT_SILENCE_LIMIT_S`, or a deadline of a batch passed two hours ago and the batch was not swept. Either the sweep cannot process the batch, or an import takes very long (worst time to the end). The age of batch requests in parts and of fetched parts does not count, because it has no limit. Their deadlines do."
    },
    {
      "part": "Look at",
      "text": "`exchange ops overdue`, and the logs of the function `sweep_overdue`. If the sweep fails for a batch, a record with the batch id and the class of the error is logged every minute."
    },
    {
      "part": "Do",
      "text": "fix the cause. The next sweep continues the batch. Other batches are not affected, because the sweep processes each batch independently."
    }
  ],
  "failure-rate": [
    {
      "part": "It means",
      "text": "in six hours, at least three batches, and more than 20 % of those that ended, failed."
    },
    {
      "part": "Look at",
      "text": "the robots and the `error` of the failed batches. If they belong to one robot, see `robot-failing`. If they belong to several robots, look at the errors of functions, and at the time of the last deployment."
    },
    {
      "part": "Do",
      "text": "inform the team of the robot, or fix or roll back our code. A failed batch is not retried. The requestor has to request it again."
    }
  ],
  "robot-failing": [
    {
      "part": "It means",
      "text": "a robot failed three times within six hours. The metric is `exchange.robot.failures`. Each call that is retried counts as `unreachable`, so three calls for one batch are enough."
    },
    {
      "part": "Look at",
      "text": "the failures of robots in the workbook, by robot and kind. `unreachable`: the robot did not answer, or answered 401, 403, 408, 429 or 5xx. Check its address, certificate, host and secret. `rejected`: the robot refused batches, or did not accept the exchange's signature until the end. `error_reported`: its callback reported an error. `silent`: it accepted a batch and delivered no result, or references failed after their last lease."
    },
    {
      "part": "Do",
      "text": "inform the team that `GET /robots/{robot_id}` names as the owner. Other robots are not affected, and each batch ends at its deadline."
    }
  ],
  "leases-expiring": [
    {
      "part": "It means",
      "text": "ten leases of a robot expired within six hours, each because no result was delivered before its end and the lease was not renewed. The metric is `exchange.leases.expired`. Other processes of the robot get the references, so nothing is lost. The same references are given out `LEASE_ATTEMPTS` times, and then they fail with the error code `lease_expired`. A job that the robot gives back does not count."
    },
    {
      "part": "Look at",
      "text": "the parts of the robot's open batch requests, by `GET /references/enhancement/batch/<batch id>/parts`. If each lease expired on other references, processes of the robot are killed, or work longer than their lease without renewing it. If the same references return again and again, something about them stops the process, for example its memory."
    },
    {
      "part": "Do",
      "text": "inform the robot's owner, whom `GET /robots/{robot_id}` names. The owner asks for longer leases, renews them, or fetches fewer references at once. If the references are the cause, let them fail: the report names them."
    }
  ],
  "robot-not-fetching": [
    {
      "part": "It means",
      "text": "references have waited to be fetched for a seventh of `FETCH_LIMIT_S`, which is a day by default. The robot has the delivery `pull`, so the exchange cannot call it. The metric is `exchange.fetch.wait`. If the robot fetches nothing within `FETCH_LIMIT_S`, the references fail with the error code `robot_timeout`. Both references that were never fetched and those whose lease has expired wait in this way."
    },
    {
      "part": "Look at",
      "text": "the requests of `POST /v1/robot-enhancement-batches/` in `AppRequests`. If there are none, the robot does not run or cannot reach the exchange. If they end with 401, its secret or its clock is wrong. If they end with 200, the robot works, but is too slow for what is requested."
    },
    {
      "part": "Do",
      "text": "inform the robot's owner, whom `GET /robots/{robot_id}` names. More processes of the robot work faster: each fetches references of its own. If the robot will not come back, cancel its batch requests, or disable the robot so that it gets no new ones. A requestor can retry a batch request with another robot when it has ended."
    }
  ],
  "webhook-failing": [
    {
      "part": "It means",
      "text": "an event was not delivered to a webhook in ten attempts within about three days, or a test failed, or a webhook was deleted, disabled or gone (410) while an event was pending. The metric is `exchange.webhook.deliveries` with the state `failed`. The batches are not affected, and requestors can still read them."
    },
    {
      "part": "Look at",
      "text": "`exchange ops failed-webhooks`. It names the webhook, its host, and the reason of the last attempt. If a log line says `its webhooks could not be notified in time`, no delivery was made for that batch: look for errors of the function `notify`."
    },
    {
      "part": "Do",
      "text": "inform the owner of the webhook. When the receiver works again, the owner or an operator runs `exchange webhooks redeliver <webhook> <delivery>`. If many webhooks fail, look at the app's outgoing connections."
    }
  ],
  "cosmos-throttled": [
    {
      "part": "It means",
      "text": "Cosmos DB throttles more than a tenth of the requests (status 429), because they need more RU/s than are provisioned. The app retries them. Imports become slower, and do not fail at first."
    },
    {
      "part": "Look at",
      "text": "the containers in `CDBDataPlaneRequests`. Imports write to `references`. All other containers have little traffic."
    },
    {
      "part": "Do",
      "text": "raise `referencesMaxRU` in `infra/prod.bicepparam`, or lower `IMPORT_MAX_CONCURRENT` with `tunables` in the same file, and deploy. Serverless ends at 5,000 RU/s for a container, so a busy dev environment needs autoscale."
    }
  ],
  "function-errors": [
    {
      "part": "It means",
      "text": "a function failed five times within half an hour. Errors of callers (4xx) are not counted."
    },
    {
      "part": "Look at",
      "text": "the function and the result code in the workbook. Then look at its exceptions in `AppExceptions`."
    },
    {
      "part": "Do",
      "text": "if the errors started with a deployment, roll back. If a dependency is down, `GET /health` names it. Everything that waits is retried when the dependency is back."
    }
  ],
  "no-sweep": [
    {
      "part": "It means",
      "text": "no telemetry of a sweep arrived for half an hour, although the sweep runs every minute. Either the app does not start, or it cannot send telemetry. Overdue batches are not repaired in the meantime."
    },
    {
      "part": "Look at",
      "text": "`GET /health`. If it does not answer, read the log stream of the host. It names missing settings and an unresolved Key Vault reference in one line. If it answers, check the role Monitoring Metrics Publisher, and the daily cap of the workspace."
    },
    {
      "part": "Do",
      "text": "fix the setting, or raise `logsDailyGB` in the parameter file. The first sweep then repairs overdue batches."
    }
  ]
};
