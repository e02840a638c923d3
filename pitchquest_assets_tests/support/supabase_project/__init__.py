"""A Supabase project on this machine: the embedded PostgreSQL behind a real PostgREST."""
