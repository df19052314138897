"""The base of enterprises: what is known of each, brought in by workbook or API, searched and filtered."""
