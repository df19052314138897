"""What other packages may use of training."""

from exam.training.hours import HoursEntry, HoursKind, hours_of, list_hours, record_hours

__all__ = ["HoursEntry", "HoursKind", "hours_of", "list_hours", "record_hours"]
