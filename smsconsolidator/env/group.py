"""What the groups of settings have in common."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """Settings that belong together. Their validators are made for the whole environment alone: starting is quicker."""

    model_config = ConfigDict(defer_build=True)
