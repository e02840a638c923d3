-- What every Supabase project has and a plain PostgreSQL has not: the API roles and auth.uid().
-- Run before the first migration where one of them is missing; running it twice changes nothing.

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    -- As in Supabase: the backend's own key is not held back by row level security.
    create role service_role nologin noinherit bypassrls;
  end if;
end
$$;

create schema if not exists auth;
grant usage on schema auth to anon, authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;

-- PostgREST puts the claims of the caller's token into request.jwt.claims; `sub` is the user.
create or replace function auth.uid() returns uuid
language sql stable
set search_path = ''
as $$
  select nullif(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', ''
  )::uuid
$$;

grant execute on function auth.uid() to anon, authenticated, service_role;
