"""Practice and mock exams: released items asked, answered and explained, and what they say of readiness."""
