"""A small Supabase Storage: its state, the HTTP handlers, and the server."""
