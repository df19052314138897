"""Assembly and sealing of forms (试卷)."""
