"""Attendance in class: signed by a QR code that changes, confirmed by the teacher, corrected by two people."""
