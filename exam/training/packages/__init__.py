"""Course packages (SCORM) as lessons: their files on an origin of their own, what they say of themselves kept."""
