"""supabase."""
