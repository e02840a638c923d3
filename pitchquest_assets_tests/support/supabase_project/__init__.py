"""A Supabase project on this machine: the embedded PostgreSQL with a real PostgREST before it."""
