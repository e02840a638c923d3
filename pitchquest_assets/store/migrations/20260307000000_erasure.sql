-- A video that is deleted, by whomever, is erased: its rows go with it in the same transaction, what
-- SQL cannot reach (objects, files, Dagster) is left to the pipeline, and a tombstone of salted hashes
-- keeps the video from coming back.

-- Without it, a hash of an id or a path could be found by guessing.
create table pitchquest.erasure_salt (
  only_row boolean primary key default true check (only_row),
  salt text not null default gen_random_uuid()::text || gen_random_uuid()::text
);
insert into pitchquest.erasure_salt default values;

create table pitchquest.erasures (
  id bigint generated always as identity primary key,
  -- Null once a person has registered another upload under this id.
  video_digest text unique,
  -- Of the file's path with its version in Storage, and with its size.
  file_digests text[] not null default '{}',
  run_ids text[] not null default '{}',
  requested_at timestamptz not null default now(),
  -- What the pipeline has still to remove, by name; null once it is gone.
  remains jsonb,
  -- When it was first removed: what was under way then may have written once more.
  cleared_at timestamptz,
  finished_at timestamptz
);
create index erasures_files_idx on pitchquest.erasures using gin (file_digests);
create index erasures_unfinished_idx on pitchquest.erasures (id) where remains is not null;
revoke all on pitchquest.erasure_salt, pitchquest.erasures
  from public, anon, authenticated, service_role;

create function pitchquest.erasure_digest(value text) returns text
language sql stable security definer
set search_path = ''
as $$
  select encode(sha256(convert_to(salt || value, 'UTF8')), 'hex') from pitchquest.erasure_salt
$$;

-- A file by its path and what tells it from the next one there: its version or its size (MB).
create function pitchquest.file_digest(file_path text, mark text) returns text
language sql stable security definer
set search_path = ''
as $$ select pitchquest.erasure_digest(file_path || ' ' || mark) $$;

-- The digests by which a file that is still in its place is known again.
create function pitchquest.file_digests(video public.videos) returns text[]
language plpgsql stable security definer
set search_path = ''
as $$
declare
  stored_version text;
begin
  if to_regclass('storage.objects') is not null then
    select coalesce(version, id::text) into stored_version from storage.objects
    where bucket_id = 'videos' and name = substr(video.file_path, 8)
      and starts_with(video.file_path, 'videos/');
  end if;
  return array(
    select pitchquest.file_digest(video.file_path, mark)
    from unnest(array[
      -- Without the version of the captions, which may change while the video stays.
      split_part(video.object_version, '+', 1), stored_version, video.file_size_mb::text
    ]) as mark
    where mark <> ''
  );
end
$$;

create function pitchquest.is_erased(video text) returns boolean
language sql stable security definer
set search_path = ''
as $$
  select exists (
    select from pitchquest.erasures where video_digest = pitchquest.erasure_digest(video)
  )
$$;

create function pitchquest.is_erased_file(digests text[]) returns boolean
language sql stable security definer
set search_path = ''
as $$ select exists (select from pitchquest.erasures where file_digests && digests) $$;

create function pitchquest.erase_video() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  runs constant text[] := array(
    select old.job_id where old.job_id is not null
    union select run_id from public.asset_values where partition_key = old.video_id
    union select job_id from public.analysis_results where video_id = old.video_id
    union select job_id from public.analysis_results_history where video_id = old.video_id
    union select job_id from public.worker_leases where video_id = old.video_id
  );
  paths constant text[] := array(
    select object_path from public.asset_values
    where partition_key = old.video_id and object_path is not null
  );
begin
  insert into pitchquest.erasures as known (video_digest, file_digests, run_ids, remains)
  values (
    pitchquest.erasure_digest(old.video_id), pitchquest.file_digests(old), runs,
    jsonb_build_object(
      'video_id', old.video_id, 'filename', old.filename, 'file_path', old.file_path,
      'captions_path', old.captions_path, 'owner', old.owner, 'object_paths', paths,
      -- Old results are removed without the files that users uploaded.
      'keeps_files', coalesce(current_setting('pitchquest.keeps_files', true), '') = 'on'
    )
  )
  on conflict (video_digest) do update set
    file_digests = known.file_digests || excluded.file_digests,
    run_ids = known.run_ids || excluded.run_ids,
    requested_at = now(), remains = excluded.remains, cleared_at = null, finished_at = null;
  delete from public.asset_values where partition_key = old.video_id;
  delete from public.vendor_answers where video_id = old.video_id;
  delete from public.analysis_results where video_id = old.video_id;
  delete from public.analysis_results_history where video_id = old.video_id;
  delete from public.alerts where starts_with(event_key, 'failed:' || old.video_id || ':');
  -- What it cost still counts towards the budget of the day.
  update public.monitoring_metrics set metric_value = metric_value - 'video_id'
  where metric_type = 'api_cost' and metric_value ->> 'video_id' = old.video_id;
  return old;
end
$$;

-- Not for a row that `take_over_upload` replaces, which is deleted inside of a trigger.
create trigger videos_erase
  before delete on public.videos
  for each row when (pg_trigger_depth() = 0)
  execute function pitchquest.erase_video();

-- Nobody brings an erased video back unasked: a file that is still in Storage gets no row, and a newer
-- one an id of its own.
create function pitchquest.keep_erased() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if pitchquest.is_erased_file(array[
    pitchquest.file_digest(new.file_path, split_part(new.object_version, '+', 1))
  ]) then
    return null;
  end if;
  while pitchquest.is_erased(new.video_id) loop
    new.video_id := regexp_replace(new.video_id, '[^-]*$', '')
      || left(replace(gen_random_uuid()::text, '-', ''), 12);
  end loop;
  return new;
end
$$;

-- By its name the first of the triggers before an insert: only Storage has set `object_version`.
create trigger videos_a_keep_erased
  before insert on public.videos
  for each row when (new.object_version is not null)
  execute function pitchquest.keep_erased();

-- A person may give the id to another upload, once the erasure is finished.
create function pitchquest.reuse_erased_id() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  known pitchquest.erasures;
begin
  select * into known from pitchquest.erasures
  where video_digest = pitchquest.erasure_digest(new.video_id) for update;
  if known.remains is not null then
    raise exception using
      errcode = 'check_violation', constraint = 'videos_not_being_erased',
      message = format('%s is being erased: try again in a minute.', new.video_id);
  end if;
  update pitchquest.erasures set video_digest = null where id = known.id;
  return null;
end
$$;

-- After the insert, which waits for a deletion of this id that is under way.
create trigger videos_reuse_erased_id
  after insert on public.videos
  for each row execute function pitchquest.reuse_erased_id();

-- Whether a row about this video may still be written. Waits for a deletion that is under way, and
-- has one that comes wait for this transaction, so that none of the rows is missed.
create function pitchquest.may_write_about(video text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  perform from public.videos where video_id = video for key share;
  return found or not pitchquest.is_erased(video);
end
$$;

-- A worker that has not noticed yet that its video is erased.
create function pitchquest.refuse_value() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if not pitchquest.may_write_about(new.partition_key) then
    raise exception using
      errcode = 'foreign_key_violation', constraint = 'asset_values_not_erased',
      message = format('%s was erased.', new.partition_key);
  end if;
  return new;
end
$$;

create trigger asset_values_of_erased
  before insert on public.asset_values
  for each row when (new.partition_key <> '')
  execute function pitchquest.refuse_value();

create function pitchquest.drop_answer() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  return case when pitchquest.may_write_about(new.video_id) then new end;
end
$$;

create trigger vendor_answers_of_erased
  before insert on public.vendor_answers
  for each row execute function pitchquest.drop_answer();

create function pitchquest.forget_whose_cost() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if not pitchquest.may_write_about(new.metric_value ->> 'video_id') then
    new.metric_value := new.metric_value - 'video_id';
  end if;
  return new;
end
$$;

create trigger monitoring_metrics_of_erased
  before insert on public.monitoring_metrics
  for each row when (new.metric_type = 'api_cost')
  execute function pitchquest.forget_whose_cost();

-- The leases of an erased video show whether a worker is still at it, until the erasure is finished.
create function pitchquest.drop_lease() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  return case
    when not exists (
      select from pitchquest.erasures
      where video_digest = pitchquest.erasure_digest(new.video_id) and remains is null
    ) then new
  end;
end
$$;

create trigger worker_leases_of_erased
  before insert on public.worker_leases
  for each row execute function pitchquest.drop_lease();

-- For owners, over REST; true if the video was there and theirs. A plain DELETE is not granted: one
-- that is sent without a filter would erase all that they have.
create function public.delete_video(video_id text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from public.videos
  where videos.video_id = delete_video.video_id
    and (owner = (select auth.uid()) or current_setting('role', true) = 'service_role');
  return found;
end
$$;

revoke execute on all functions in schema pitchquest from public;
revoke execute on function public.delete_video(text) from public, anon;
grant execute on function public.delete_video(text) to authenticated, service_role;
