-- Captions of every format that is read are found beside an upload, not only .vtt and .srt.

-- The endings of captions beside a video, the ones to prefer first; those of `media.captions.formats`.
create function pitchquest.captions_suffixes() returns text[]
language sql immutable
set search_path = ''
as $$ select array['.vtt', '.srt', '.sbv', '.ttml', '.dfxp', '.ass', '.ssa'] $$;

-- The names that the captions of a video may have, the ones to prefer first.
create function pitchquest.captions_names_of(object_name text) returns text[]
language sql immutable
set search_path = ''
as $$
  select array_agg(regexp_replace(object_name, '\.[^./]*$', '') || form order by place, form desc)
  from unnest(pitchquest.captions_suffixes()) with ordinality as one (ending, place),
    unnest(array[ending, upper(ending)]) as form
$$;

-- Brings the row of one video in the bucket up to what Storage holds: a new file gets a row, a
-- replaced one, or captions that come later, another attempt.
create or replace function pitchquest.register_upload(object_name text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
declare
  path constant text := 'videos/' || object_name;
  captions_names constant text[] := pitchquest.captions_names_of(object_name);
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
      and c.name = any (captions_names)
      and c.metadata ->> 'size' is not null
      and to_jsonb(c) ->> 'archived_at' is null
    order by array_position(captions_names, c.name)
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
create or replace function pitchquest.videos_of(object_name text) returns setof text
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
  elsif '.' || ending = any (pitchquest.captions_suffixes()) then
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

revoke execute on function pitchquest.captions_suffixes(), pitchquest.captions_names_of(text)
  from public;
