"""The validation of an upload. Its claim keeps other processes from validating the same upload at the same time."""

from dataclasses import replace

from exchange.domain import events
from exchange.domain.batch import Batch, Phase, Upload, ValidationClaim
from exchange.domain.limits import Deadlines
from exchange.domain.messages import ImportMessage
from exchange.domain.transitions.dispatching import mark_accepted
from exchange.domain.transitions.transition import Transition


def start_validation(batch: Batch, event: events.ValidationStarted, now: float, deadlines: Deadlines) -> Transition:
    """Claim the validation, unless another run has. An upload proves that the robot accepted the batch.

    Only an importer may start more validations than `early_validations_limit`. A robot that uploads again and again
    must not cause work without end.
    """
    upload = event.current_upload
    if upload is None or batch.validation_of(upload) or is_being_validated(batch, upload, now, deadlines):
        return Transition(batch)
    if not (event.starts_import or may_validate_early(batch, deadlines)):
        return Transition(batch)
    accepted = mark_accepted(batch, now) if batch.phase is Phase.RECEIVED else batch
    claim = ValidationClaim(holder=event.holder, upload=upload)
    return Transition(
        replace(
            accepted,
            upload=upload,
            validation_claim=claim,
            validations_started=batch.validations_started + 1,
            worked_at=now,
        )
    )


def may_validate_early(batch: Batch, deadlines: Deadlines) -> bool:
    """Return whether a validation may still start without an import."""
    return batch.validations_started < deadlines.early_validations_limit


def is_being_validated(batch: Batch, upload: Upload, now: float, deadlines: Deadlines) -> bool:
    """Return whether a validation of this upload shows signs of work."""
    claim, worked_at = batch.validation_claim, batch.worked_at or 0.0
    return claim is not None and claim.upload.etag == upload.etag and now < worked_at + deadlines.validation_wait_s


def abort_validation(batch: Batch, event: events.ValidationAborted, _now: float, _deadlines: Deadlines) -> Transition:
    """End the claim, so that another run can start at once. Ignored if another run has the claim."""
    claim = batch.validation_claim
    if claim is None or claim.holder != event.holder:
        return Transition(batch)
    return Transition(replace(batch, validation_claim=None))


def record_validation(batch: Batch, event: events.ValidationFinished, now: float, _deadlines: Deadlines) -> Transition:
    """Record the validation if its upload is still current and has no recorded validation. Otherwise ignore it."""
    upload = event.current_upload
    if upload is None or upload.etag != event.validation.etag or batch.validation_of(upload):
        return Transition(batch)
    recorded = replace(
        batch,
        validation=event.validation,
        validation_claim=None,
        upload=upload,
        worked_at=now,
        resent_at=None,
        resends=0,
    )
    if recorded.phase is not Phase.DELIVERED:
        return Transition(recorded)
    if event.starts_import:
        return Transition(replace(recorded, import_started=True))
    return Transition(recorded, ImportMessage(batch.id))
