"""信用线索: what the platform noticed, the process that it opens, and what may be published at its end."""
