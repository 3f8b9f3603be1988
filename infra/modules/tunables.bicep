// The settings that the parameter `tunables` accepts. `make docs` generates this file: do not edit it.

@export()
@sealed()
@description('Settings of the app that differ from the default, by name.')
type Tunables = {
  @description('Maximum size of a request body.')
  HTTP_BODY_LIMIT_BYTES: string?
  @description('Maximum number of references in one batch request.')
  REFERENCES_PER_BATCH_LIMIT: string?
  @description('Maximum number of references in an uploaded list of the references of one batch request.')
  REFERENCES_PER_UPLOAD_LIMIT: string?
  @description('Maximum size of an uploaded list of references.')
  REFERENCES_UPLOAD_LIMIT_BYTES: string?
  @description('Maximum number of references in one job. A batch request with more is worked on in parts. A robot may have a lower limit.')
  REFERENCES_PER_PART_LIMIT: string?
  @description('Maximum number of parts of one batch request. So large batch requests need large parts.')
  PARTS_PER_BATCH_LIMIT: string?
  @description('Maximum number of parts of one batch request that the exchange has sent to a robot at once.')
  OPEN_PARTS_LIMIT: string?
  @description('Maximum number of lines in one references file. The caller waits for the answer.')
  REFERENCES_PER_LOAD_LIMIT: string?
  @description('Maximum number of batch requests of one requestor that have not ended. Requests at the same moment do not exceed it.')
  OPEN_BATCHES_LIMIT: string?
  @description('Maximum number of webhooks of one user.')
  WEBHOOKS_LIMIT: string?
  @description('Maximum size of a result file. One plain PUT carries at most 5,000 MiB.')
  RESULT_FILE_LIMIT_BYTES: string?
  @description('Maximum length of one line of a result file.')
  RESULT_LINE_LIMIT_BYTES: string?
  @description('Maximum number of rejected entries (unreadable, repeated, or not requested) before the whole result is refused.')
  RESULT_REJECTED_ENTRIES_LIMIT: string?
  @description('Maximum CPU time of one validation. Then the whole result is refused. It must be shorter than `functionTimeout` in `host.json`: a validation that is killed is started again.')
  VALIDATION_CPU_LIMIT_S: string?
  @description('Maximum number of enhancements of one reference in a result. The others are reported as not stored.')
  RESULT_REFERENCE_ENTRIES_LIMIT: string?
  @description('Maximum size of the enhancements of one reference in a result.')
  RESULT_REFERENCE_LIMIT_BYTES: string?
  @description('Maximum number of enhancements of one reference in the store. An import may exceed it a little.')
  STORED_REFERENCE_ENTRIES_LIMIT: string?
  @description('Maximum size of the enhancements of one reference in the store. An import may exceed it a little.')
  STORED_REFERENCE_LIMIT_BYTES: string?
  @description('Maximum number of entries in a chunk. The import records its progress after each chunk.')
  IMPORT_CHUNK_ENTRIES: string?
  @description('Maximum size of a chunk. An import holds one chunk in memory.')
  IMPORT_CHUNK_BYTES: string?
  @description('Maximum number of concurrent requests to Cosmos DB from one import, snapshot or registration.')
  IMPORT_MAX_CONCURRENT: string?
  @description('Timeout of one call to a robot, including the connection.')
  ROBOT_CALL_TIMEOUT_S: string?
  @description('Timeout of the connection to a robot.')
  ROBOT_CONNECT_TIMEOUT_S: string?
  @description('Delay before the second call to a robot that cannot be reached. It doubles each time.')
  ROBOT_RETRY_FIRST_DELAY_S: string?
  @description('Maximum delay between two calls to a robot.')
  ROBOT_RETRY_MAX_DELAY_S: string?
  @description('Time from the first to the last call to a robot that cannot be reached.')
  ROBOT_RETRY_TOTAL_S: string?
  @description('Time for which the previous secret of a robot stays valid after it was replaced.')
  ROBOT_SECRET_OVERLAP_S: string?
  @description('Time after which the sweep resends a dispatch message that has had no effect.')
  DISPATCH_OVERDUE_S: string?
  @description('Maximum time in status `received`. Then the batch fails.')
  RECEIVED_LIMIT_S: string?
  @description('Time without a sign of work after which a validation counts as stopped, and another may start. The sweep then starts the import of a delivered result, which validates it.')
  VALIDATION_WAIT_S: string?
  @description('Time that a delivered result waits for the blob event that starts its validation. Then it is validated without.')
  BLOB_EVENT_WAIT_S: string?
  @description('Maximum size of a result that does not wait for its blob event. The import starts at the callback and validates the result.')
  SMALL_RESULT_LIMIT_BYTES: string?
  @description('Maximum number of validations of one batch that blob events start. Of later uploads only the one that the robot delivers is validated, by the import.')
  EARLY_VALIDATIONS_LIMIT: string?
  @description('Time that an uploaded result waits for the robot\'s callback. Then the sweep treats it as delivered. The sweep also checks the result blob of an accepted batch at this interval.')
  CALLBACK_WAIT_S: string?
  @description('Maximum time between acceptance and upload. Then the batch fails because the robot is silent.')
  ROBOT_SILENCE_LIMIT_S: string?
  @description('Maximum length of a lease. A robot may renew its lease as often as it wants.')
  LEASE_LIMIT_S: string?
  @description('Number of leases on the same references that may expire. Then these references fail.')
  LEASE_ATTEMPTS: string?
  @description('Time for which references wait to be fetched by their robot. Then they fail.')
  FETCH_LIMIT_S: string?
  @description('Time without a sign of work after which the sweep resends the import message.')
  PROGRESS_LIMIT_S: string?
  @description('Number of resends without progress after which the batch fails.')
  PROGRESS_ATTEMPTS: string?
  @description('Interval at which a long validation or import records that it is still running.')
  HEARTBEAT_INTERVAL_S: string?
  @description('Timeout of one call to a webhook, including the connection.')
  WEBHOOK_CALL_TIMEOUT_S: string?
  @description('Delays between the attempts to deliver an event to a webhook, separated by blanks. After the last attempt the delivery fails.')
  WEBHOOK_RETRY_DELAYS_S: string?
  @description('Time after which the sweep resends a message about webhooks that has had no effect.')
  WEBHOOK_OVERDUE_S: string?
  @description('Time for which the sweep resends such a message. Then the notification or the delivery fails.')
  WEBHOOK_WAIT_LIMIT_S: string?
  @description('Time for which the previous secret of a webhook signs too after it was replaced.')
  WEBHOOK_SECRET_OVERLAP_S: string?
  @description('When the sweep runs: an NCRONTAB expression with seconds, in UTC. The Functions host reads it.')
  SWEEP_SCHEDULE: string?
  @description('Lifetime of a signed URL. A robot that needs longer reads the batch request again for fresh URLs.')
  SIGNED_URL_LIFETIME_S: string?
}
