-- What only Supabase has: the buckets with their policies, the trigger on their objects, and the
-- publication that Realtime reads. Supabase owns these tables: what it does not let us do is told as
-- a warning, and `pitchquest doctor` names it again. Who may can run this file once more, as in the
-- SQL editor of the dashboard: it does what is left to do.

do $$
begin
  if to_regclass('storage.buckets') is null then
    return;
  end if;
  insert into storage.buckets (id, name, public)
  values ('videos', 'videos', false), ('pitchquest', 'pitchquest', false)
  on conflict (id) do nothing;
exception when insufficient_privilege then
  raise warning 'The buckets `videos` and `pitchquest` must be made by hand, both private: %', sqlerrm;
end
$$;

-- Users read and write below videos/<their id>/; nobody but the service role has anything in `pitchquest`.
do $$
begin
  if to_regclass('storage.objects') is null then
    return;
  end if;
  drop policy if exists "pitchquest: users read their uploads" on storage.objects;
  create policy "pitchquest: users read their uploads" on storage.objects
    for select to authenticated
    using (bucket_id = 'videos' and (storage.foldername(name))[1] = (select auth.uid())::text);
  drop policy if exists "pitchquest: users upload" on storage.objects;
  create policy "pitchquest: users upload" on storage.objects
    for insert to authenticated
    with check (bucket_id = 'videos' and (storage.foldername(name))[1] = (select auth.uid())::text);
  drop policy if exists "pitchquest: users replace their uploads" on storage.objects;
  create policy "pitchquest: users replace their uploads" on storage.objects
    for update to authenticated
    using (bucket_id = 'videos' and (storage.foldername(name))[1] = (select auth.uid())::text)
    with check (bucket_id = 'videos' and (storage.foldername(name))[1] = (select auth.uid())::text);
exception when insufficient_privilege then
  raise warning 'Users cannot upload yet, for the policies on storage.objects were refused: %', sqlerrm;
end
$$;

do $$
begin
  if to_regclass('storage.objects') is null then
    return;
  end if;
  create or replace trigger pitchquest_note_stored_object
    after insert or update on storage.objects
    for each row when (new.bucket_id = 'videos')
    execute function pitchquest.note_stored_object();
exception when insufficient_privilege then
  raise warning 'Uploads are noticed by the reconciliation alone, for the trigger was refused: %', sqlerrm;
end
$$;

do $$
declare
  one text;
begin
  if not exists (
    select from pg_catalog.pg_publication
    where pubname = 'supabase_realtime' and not puballtables
  ) then
    return;
  end if;
  for one in
    select name from unnest(array['videos', 'analysis_results']) as name
    where not exists (
      select from pg_catalog.pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = name
    )
  loop
    execute format('alter publication supabase_realtime add table public.%I', one);
  end loop;
exception when insufficient_privilege then
  raise warning 'Realtime must be switched on by hand for videos and analysis_results: %', sqlerrm;
end
$$;
