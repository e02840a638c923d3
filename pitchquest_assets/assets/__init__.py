"""The assets, one module each, in the order the data flows."""
