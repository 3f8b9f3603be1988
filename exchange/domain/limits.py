"""Limits and deadlines. They are settings; each field's upper-case name is the name of the app setting."""

from pydantic import BaseModel, ConfigDict, Field

from exchange.domain.room import Room


class SettingsGroup(BaseModel):
    """A group of settings. Every field has a description, from which docs/settings.md is generated."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=str.upper, populate_by_name=True, allow_inf_nan=False
    )


class Limits(SettingsGroup):
    """How much the exchange accepts and how much it does at once."""

    http_body_limit_bytes: int = Field(10 << 20, gt=0, description="Maximum size of a request body.")
    references_per_batch_limit: int = Field(
        100_000, gt=0, le=100_000, description="Maximum number of references in one batch request."
    )
    references_per_upload_limit: int = Field(
        1_000_000,
        gt=0,
        le=1_000_000,
        description="Maximum number of references in an uploaded list of the references of one batch request.",
    )
    references_upload_limit_bytes: int = Field(
        256 << 20, gt=0, description="Maximum size of an uploaded list of references."
    )
    references_per_part_limit: int = Field(
        100_000,
        gt=0,
        le=100_000,
        description="Maximum number of references in one job. A batch request with more is worked on in parts. A robot "
        "may have a lower limit.",
    )
    parts_per_batch_limit: int = Field(
        10_000,
        gt=0,
        le=10_000,
        description="Maximum number of parts of one batch request. So large batch requests need large parts.",
    )
    open_parts_limit: int = Field(
        16,
        gt=0,
        description="Maximum number of parts of one batch request that the exchange has sent to a robot at once.",
    )
    references_per_load_limit: int = Field(
        5_000, gt=0, description="Maximum number of lines in one references file. The caller waits for the answer."
    )
    open_batches_limit: int = Field(
        100,
        gt=0,
        description="Maximum number of batch requests of one requestor that have not ended. Requests at the same "
        "moment do not exceed it.",
    )
    webhooks_limit: int = Field(10, gt=0, le=20, description="Maximum number of webhooks of one user.")
    result_file_limit_bytes: int = Field(
        4 << 30,
        gt=0,
        description="Maximum size of a result file. One plain PUT carries at most 5,000 MiB.",
    )
    result_line_limit_bytes: int = Field(1 << 20, gt=0, description="Maximum length of one line of a result file.")
    result_rejected_entries_limit: int = Field(
        200_000,
        gt=0,
        description="Maximum number of rejected entries (unreadable, repeated, or not requested) before the whole "
        "result is refused.",
    )
    validation_cpu_limit_s: float = Field(
        900.0,
        gt=0,
        le=1500,
        description="Maximum CPU time of one validation. Then the whole result is refused. It must be shorter than "
        "`functionTimeout` in `host.json`: a validation that is killed is started again.",
    )
    result_reference_entries_limit: int = Field(
        1_000,
        gt=0,
        le=100_000,
        description="Maximum number of enhancements of one reference in a result. The others are reported as not "
        "stored.",
    )
    result_reference_limit_bytes: int = Field(
        8 << 20,
        gt=0,
        le=256 << 20,
        description="Maximum size of the enhancements of one reference in a result.",
    )
    stored_reference_entries_limit: int = Field(
        10_000,
        gt=0,
        le=100_000,
        description="Maximum number of enhancements of one reference in the store. An import may exceed it a little.",
    )
    stored_reference_limit_bytes: int = Field(
        64 << 20,
        gt=0,
        le=256 << 20,
        description="Maximum size of the enhancements of one reference in the store. An import may exceed it a little.",
    )
    import_chunk_entries: int = Field(
        25_000,
        gt=0,
        description="Maximum number of entries in a chunk. The import records its progress after each chunk.",
    )
    import_chunk_bytes: int = Field(
        32 << 20, gt=0, description="Maximum size of a chunk. An import holds one chunk in memory."
    )
    import_max_concurrent: int = Field(
        4,
        gt=0,
        description="Maximum number of concurrent requests to Cosmos DB from one import, snapshot or registration.",
    )

    @property
    def result_room(self) -> Room:
        """How much one reference may have in a result."""
        return Room(self.result_reference_entries_limit, self.result_reference_limit_bytes)

    @property
    def stored_room(self) -> Room:
        """How much one reference may have in the store."""
        return Room(self.stored_reference_entries_limit, self.stored_reference_limit_bytes)


class Deadlines(SettingsGroup):
    """How long the exchange waits, and how often it tries again."""

    robot_call_timeout_s: float = Field(
        30.0, gt=0, description="Timeout of one call to a robot, including the connection."
    )
    robot_connect_timeout_s: float = Field(10.0, gt=0, description="Timeout of the connection to a robot.")
    robot_retry_first_delay_s: float = Field(
        5.0, gt=0, description="Delay before the second call to a robot that cannot be reached. It doubles each time."
    )
    robot_retry_max_delay_s: float = Field(600.0, gt=0, description="Maximum delay between two calls to a robot.")
    robot_retry_total_s: float = Field(
        3600.0, gt=0, description="Time from the first to the last call to a robot that cannot be reached."
    )
    robot_secret_overlap_s: float = Field(
        86_400.0, gt=0, description="Time for which the previous secret of a robot stays valid after it was replaced."
    )
    dispatch_overdue_s: float = Field(
        300.0, gt=0, description="Time after which the sweep resends a dispatch message that has had no effect."
    )
    received_limit_s: float = Field(
        7200.0, gt=0, description="Maximum time in status `received`. Then the batch fails."
    )
    validation_wait_s: float = Field(
        120.0,
        gt=0,
        description="Time without a sign of work after which a validation counts as stopped, and another may start. "
        "The sweep then starts the import of a delivered result, which validates it.",
    )
    blob_event_wait_s: float = Field(
        5.0,
        gt=0,
        description="Time that a delivered result waits for the blob event that starts its validation. Then it is "
        "validated without.",
    )
    small_result_limit_bytes: int = Field(
        4 << 20,
        ge=0,
        description="Maximum size of a result that does not wait for its blob event. The import starts at the callback "
        "and validates the result.",
    )
    early_validations_limit: int = Field(
        20,
        gt=0,
        description="Maximum number of validations of one batch that blob events start. Of later uploads only the one "
        "that the robot delivers is validated, by the import.",
    )
    callback_wait_s: float = Field(
        900.0,
        gt=0,
        description="Time that an uploaded result waits for the robot's callback. Then the sweep treats it as "
        "delivered. The sweep also checks the result blob of an accepted batch at this interval.",
    )
    robot_silence_limit_s: float = Field(
        86_400.0,
        gt=0,
        description="Maximum time between acceptance and upload. Then the batch fails because the robot is silent.",
    )
    lease_limit_s: float = Field(
        86_400.0, gt=0, description="Maximum length of a lease. A robot may renew its lease as often as it wants."
    )
    lease_attempts: int = Field(
        3, gt=0, description="Number of leases on the same references that may expire. Then these references fail."
    )
    fetch_limit_s: float = Field(
        604_800.0,
        gt=0,
        description="Time for which references wait to be fetched by their robot. Then they fail.",
    )
    progress_limit_s: float = Field(
        900.0, gt=0, description="Time without a sign of work after which the sweep resends the import message."
    )
    progress_attempts: int = Field(
        10, gt=0, description="Number of resends without progress after which the batch fails."
    )
    heartbeat_interval_s: float = Field(
        30.0, gt=0, description="Interval at which a long validation or import records that it is still running."
    )
    webhook_call_timeout_s: float = Field(
        15.0, gt=0, description="Timeout of one call to a webhook, including the connection."
    )
    webhook_retry_delays_s: str = Field(
        "5 300 1800 7200 18000 36000 50400 72000 86400",
        pattern=r"^\d+(\.\d+)?( \d+(\.\d+)?)*$",
        description="Delays between the attempts to deliver an event to a webhook, separated by blanks. After the last "
        "attempt the delivery fails.",
    )
    webhook_overdue_s: float = Field(
        300.0, gt=0, description="Time after which the sweep resends a message about webhooks that has had no effect."
    )
    webhook_wait_limit_s: float = Field(
        86_400.0,
        gt=0,
        description="Time for which the sweep resends such a message. Then the notification or the delivery fails.",
    )
    webhook_secret_overlap_s: float = Field(
        86_400.0, gt=0, description="Time for which the previous secret of a webhook signs too after it was replaced."
    )

    @property
    def webhook_retry_delays(self) -> list[float]:
        """The delays between the attempts to deliver an event to a webhook, in seconds."""
        return [float(delay) for delay in self.webhook_retry_delays_s.split()]
