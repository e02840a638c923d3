"""The HTML report of one result."""
