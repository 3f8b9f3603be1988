"""What the messages on the queues say."""

from uuid import UUID

from pydantic import BaseModel


class DispatchOrder(BaseModel):
    """Hand the batch to its robot, as this attempt."""

    batch_id: UUID
    attempt: int


class ImportOrder(BaseModel):
    """Import what the robot delivered."""

    batch_id: UUID
