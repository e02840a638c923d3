-- Files in the bucket `videos` of Supabase Storage become rows of `videos` by themselves. Without
-- Supabase these functions find no storage.objects and do nothing.

alter table public.videos
  -- The versions of the file and its captions in Storage that this row is for; null before both
  -- have been seen there.
  add column object_version text;

-- One row per file in the bucket. `pitchquest/` is the pipeline's own folder: it registers what it
-- puts there, under ids of its own.
create unique index videos_object_idx on public.videos (file_path)
  where file_path like 'videos/%' and file_path not like 'videos/pitchquest/%';

-- Files that were stored before this moment have their rows; what lay in the bucket before this
-- migration is left alone. '-infinity' has all of it analysed.
create table pitchquest.reconciliation (seen_until timestamptz not null default now());
insert into pitchquest.reconciliation default values;

-- Where a user's files are: a row must not name someone else's, nor a file of the pipeline's machine.
alter policy "owners add their uploads" on public.videos
  with check (
    owner = (select auth.uid())
    and status = 'uploaded'
    and starts_with(file_path, 'videos/' || (select auth.uid()) || '/')
    and file_path !~ '(\.\.|\\)'
    and (
      captions_path is null
      or starts_with(captions_path, 'videos/' || (select auth.uid()) || '/')
        and captions_path !~ '(\.\.|\\)'
    )
  );

-- The id of a file that nobody gave one: its name, and twelve digits for its place.
create function pitchquest.video_id_of(object_name text) returns text
language sql immutable
set search_path = ''
as $$
  select coalesce(
      nullif(left(btrim(
        regexp_replace(regexp_replace(object_name, '^.*/|\.[^./]*$', '', 'g'), '[^A-Za-z0-9._-]+', '-', 'g'),
        '-._'), 100), ''),
      'video'
    ) || '-' || left(encode(sha256(convert_to(object_name, 'UTF8')), 'hex'), 12)
$$;

-- Whether the files of a row are there; a row may be written before its file is uploaded.
create function pitchquest.has_arrived(file_path text, captions_path text) returns boolean
language plpgsql stable security definer
set search_path = ''
as $$
begin
  if to_regclass('storage.objects') is null then
    return true;
  end if;
  return not exists (
    select from unnest(array[file_path, captions_path]) as wanted (path)
    where starts_with(path, 'videos/') and not exists (
      select from storage.objects
      where bucket_id = 'videos' and name = substr(path, 8) and metadata ->> 'size' is not null
    )
  );
end
$$;

-- Brings the row of one video in the bucket up to what Storage holds: a new file gets a row, a
-- replaced one, or captions that come later, another attempt.
create function pitchquest.register_upload(object_name text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
declare
  path constant text := 'videos/' || object_name;
  stem constant text := regexp_replace(object_name, '\.[^./]*$', '');
  uuid_form constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  found_object record;
  known public.videos;
  new_id text := pitchquest.video_id_of(object_name);
begin
  -- Storage inserts without metadata only to try its policies. A bucket with versions keeps old
  -- ones as archived rows.
  select
    coalesce(
      case when o.owner_id ~* uuid_form then o.owner_id::uuid end,
      o.owner,
      case when split_part(o.name, '/', 1) ~* uuid_form then split_part(o.name, '/', 1)::uuid end
    ) as owner,
    (o.metadata ->> 'size')::bigint / 1e6 as size_mb,
    greatest(o.created_at, o.updated_at) as stored_at,
    concat_ws('+', coalesce(o.version, o.id::text), captions.version) as version,
    captions.path as captions_path
  into found_object
  from storage.objects as o
  left join lateral (
    select 'videos/' || c.name as path, coalesce(c.version, c.id::text) as version
    from storage.objects as c
    where c.bucket_id = 'videos'
      and c.name = any (array[stem || '.vtt', stem || '.VTT', stem || '.srt', stem || '.SRT'])
      and c.metadata ->> 'size' is not null
      and to_jsonb(c) ->> 'archived_at' is null
    order by lower(c.name) desc
    limit 1
  ) as captions on true
  where o.bucket_id = 'videos' and o.name = object_name and o.metadata ->> 'size' is not null
    and to_jsonb(o) ->> 'archived_at' is null;
  if not found then
    return false;
  end if;

  -- The predicate of the index, without which PostgreSQL does not use it.
  select * into known from public.videos
  where file_path = path
    and file_path like 'videos/%' and file_path not like 'videos/pitchquest/%';
  if not found then
    while exists (select from public.videos where video_id = new_id) loop
      -- Someone else has taken that id.
      new_id := regexp_replace(new_id, '[^-]*$', '')
        || left(replace(gen_random_uuid()::text, '-', ''), 12);
    end loop;
    insert into public.videos (
      video_id, filename, file_path, captions_path, file_size_mb, owner, uploaded_at, object_version
    ) values (
      new_id, regexp_replace(object_name, '^.*/', ''), path, found_object.captions_path,
      found_object.size_mb, found_object.owner, found_object.stored_at, found_object.version
    ) on conflict (file_path)
      where file_path like 'videos/%' and file_path not like 'videos/pitchquest/%'
      do nothing;
    return found;
  end if;

  if known.object_version is not distinct from found_object.version then
    return false;
  end if;
  select * into known from public.videos where id = known.id for update;
  if known.object_version is not distinct from found_object.version
    -- Its run ends first: the trigger below looks again then.
    or known.status = 'processing' and known.object_version is not null
  then
    return false;
  end if;
  update public.videos set
    object_version = found_object.version,
    file_size_mb = found_object.size_mb,
    -- Captions that were seen and are gone are not looked for; those that a client has named for
    -- the first run may still come.
    captions_path = coalesce(
      found_object.captions_path,
      case
        when pitchquest.has_arrived(captions_path, null)
          or status = 'uploaded' and attempts = 0 and coalesce(object_version, '') not like '%+%'
        then captions_path
      end
    )
  where id = known.id;
  -- A row that waits is up to date now, and so is one whose run has read this very file.
  if known.status = 'uploaded'
    or known.object_version is null
      and (known.status <> 'failed' or found_object.stored_at <= known.updated_at)
  then
    return true;
  end if;
  update public.videos set
    status = 'uploaded', job_id = null, error = null, sha256 = null, duration_seconds = null,
    workers_lost = 0, uploaded_at = found_object.stored_at
  where id = known.id;
  return true;
end
$$;

-- The videos that a file in the bucket is, or is the captions of.
create function pitchquest.videos_of(object_name text) returns setof text
language plpgsql stable security definer
set search_path = ''
as $$
declare
  ending constant text := lower(substring(object_name from '\.([^./]*)$'));
  stem constant text := regexp_replace(object_name, '\.[^./]*$', '');
  video_endings constant text[] := array['mp4', 'm4v', 'mov', 'webm', 'mkv', 'avi'];
begin
  if starts_with(object_name, 'pitchquest/') then
    return;
  elsif ending = any (video_endings) then
    return next object_name;
  elsif ending in ('vtt', 'srt') then
    return query
      select name from storage.objects
      where bucket_id = 'videos'
        and name = any (
          select stem || '.' || form from unnest(video_endings) as one,
            unnest(array[one, upper(one)]) as form
        );
  end if;
end
$$;

create function pitchquest.note_stored_object() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and (new.bucket_id, new.name, new.version) is not distinct from
    (old.bucket_id, old.name, old.version)
  then
    return null;
  end if;
  perform pitchquest.register_upload(one) from pitchquest.videos_of(new.name) as one;
  return null;
exception when others then
  -- An upload must not be refused for a fault of ours: the reconciliation meets it again, aloud.
  raise warning 'PitchQuest has not registered %: %', new.name, sqlerrm;
  return null;
end
$$;

-- A file that was replaced during a run gets its attempt after it.
create function pitchquest.look_for_newer_file() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform pitchquest.register_upload(substr(new.file_path, 8));
  return null;
end
$$;

create trigger videos_look_for_newer_file
  after update of status on public.videos
  for each row when (
    old.status = 'processing' and new.status <> 'processing' and new.object_version is not null
  )
  execute function pitchquest.look_for_newer_file();

-- Finds what the trigger missed, the oldest first, `most` at a time; gives up rows whose file never
-- came.
create function pitchquest.reconcile_uploads(most integer default 500) returns integer
language plpgsql security definer
set search_path = ''
as $$
declare
  -- A row of Storage becomes visible a little after its time.
  seen timestamptz := now() - interval '10 minutes';
  one record;
  registered integer := 0;
begin
  if to_regclass('storage.objects') is null then
    return 0;
  end if;
  for one in
    select name, greatest(created_at, updated_at) as stored_at
    from storage.objects
    where bucket_id = 'videos' and metadata ->> 'size' is not null
      and greatest(created_at, updated_at) >= (select seen_until from pitchquest.reconciliation)
    order by stored_at
  loop
    registered := registered + (
      select count(*) filter (where pitchquest.register_upload(video))
      from pitchquest.videos_of(one.name) as video
    );
    if registered >= most then
      seen := least(seen, one.stored_at);
      exit;
    end if;
  end loop;
  update pitchquest.reconciliation set seen_until = seen
  where seen_until < seen;
  update public.videos set
    status = 'failed',
    error = 'The file ' || file_path || ' never came: upload it, and it is analysed.'
  where status = 'uploaded' and attempts = 0 and updated_at < now() - interval '1 day'
    and not pitchquest.has_arrived(file_path, captions_path);
  return registered;
end
$$;

-- Who names a file of the bucket that has a row already, but no run yet, gives it an id of their own.
create function pitchquest.take_over_upload() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  automatic public.videos;
begin
  -- With such a conflict this row may never come, and its upload would be in no row.
  if exists (select from public.videos where video_id = new.video_id) then
    return new;
  end if;
  delete from public.videos
  where file_path = new.file_path and video_id <> new.video_id
    and file_path like 'videos/%' and file_path not like 'videos/pitchquest/%'
    and video_id = pitchquest.video_id_of(substr(new.file_path, 8))
    and status = 'uploaded' and job_id is null and attempts = 0
    and owner is not distinct from coalesce(new.owner, owner)
  returning * into automatic;
  if found then
    new.owner := automatic.owner;
    new.uploaded_at := automatic.uploaded_at;
    new.object_version := automatic.object_version;
    new.file_size_mb := automatic.file_size_mb;
    new.captions_path := coalesce(new.captions_path, automatic.captions_path);
  end if;
  return new;
end
$$;

create trigger videos_take_over_upload
  before insert on public.videos
  for each row when (new.file_path like 'videos/%')
  execute function pitchquest.take_over_upload();

revoke execute on all functions in schema pitchquest from public;
