"""`manage.py doctor`: a look at everything that the service needs, before it is started and while it runs."""

from batches.doctor.examination import Line, examine

__all__ = ["Line", "examine"]
