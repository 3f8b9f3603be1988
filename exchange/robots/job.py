"""Parses the job that the exchange sends, or that the robot has fetched. Both have the same fields."""

from pydantic import ValidationError

from exchange.contract.base import check_url, describe_faults
from exchange.contract.robots import BatchRobotRequest


def parse_job(body: bytes) -> BatchRobotRequest:
    """Parse a job. Raises ValueError with the faults."""
    try:
        job = BatchRobotRequest.model_validate_json(body)
    except ValidationError as error:
        raise ValueError("; ".join(describe_faults(error, body))) from None
    for name in ("reference_storage_url", "result_storage_url"):
        try:
            check_url(getattr(job, name))
        except ValueError:
            raise ValueError(f"{name}: must be a URL that begins with http:// or https://") from None
    return job
