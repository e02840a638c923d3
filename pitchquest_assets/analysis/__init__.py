"""The pure core: no Dagster, no SQL, no vendor SDK; it runs in a notebook."""
