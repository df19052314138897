"""Classes: plan, timetable, people enrolled."""
