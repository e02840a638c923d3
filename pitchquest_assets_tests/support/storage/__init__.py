"""Supabase Storage in small: the state, the HTTP handlers over it, the server on top."""
