-- No row that a user can write stops the queue: every value has a range, a length and a pattern, the
-- users take turns, and only so many uploads of one user wait at a time.

-- What a terminal or a reader could take for something else: control characters, and those that
-- change the direction of text or have no width.
create function pitchquest.plain(value text, most integer, instead text default null) returns text
language sql immutable
set search_path = ''
as $$
  select coalesce(nullif(left(btrim(regexp_replace(
    regexp_replace(value, '[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000E0000-\U000E007F]+', '', 'g'),
    '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'
  )), most), ''), instead)
$$;

-- Names and sentences are mended where they enter; a path would name another file then, so a path
-- with such characters is refused below.
create function pitchquest.clean_texts() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  new.filename := pitchquest.plain(new.filename, 1024, 'video');
  new.error := pitchquest.plain(new.error, 2000);
  return new;
end
$$;

update public.videos set
  filename = pitchquest.plain(filename, 1024, 'video'),
  file_path = pitchquest.plain(file_path, 4096, '/'),
  captions_path = pitchquest.plain(captions_path, 4096),
  error = pitchquest.plain(error, 2000),
  file_size_mb = case when file_size_mb between 0 and 1e9 then file_size_mb end,
  duration_seconds = case when duration_seconds between 0 and 1e9 then duration_seconds end,
  sha256 = case when sha256 ~ '^[0-9a-f]{1,128}$' then sha256 end,
  job_id = left(job_id, 200),
  uploaded_at = case when isfinite(uploaded_at) then uploaded_at else now() end,
  created_at = case when isfinite(created_at) then created_at else now() end
where (filename, file_path, captions_path, error) is distinct from (
    pitchquest.plain(filename, 1024, 'video'), pitchquest.plain(file_path, 4096, '/'),
    pitchquest.plain(captions_path, 4096), pitchquest.plain(error, 2000)
  )
  or not coalesce(file_size_mb, 0) between 0 and 1e9
  or not coalesce(duration_seconds, 0) between 0 and 1e9
  or coalesce(sha256, '0') !~ '^[0-9a-f]{1,128}$' or length(job_id) > 200
  or not isfinite(uploaded_at) or not isfinite(created_at);

create trigger videos_clean_texts
  before insert or update of filename, error on public.videos
  for each row execute function pitchquest.clean_texts();

alter table public.videos
  -- NaN is greater than every number, so `between` refuses it, and infinity too.
  add constraint videos_numbers_are_finite check (
    file_size_mb between 0 and 1e9 and duration_seconds between 0 and 1e9
  ),
  add constraint videos_times_are_finite check (
    isfinite(uploaded_at) and isfinite(created_at) and isfinite(updated_at)
    and greatest(uploaded_at, created_at, updated_at) < '9000-01-01'
  ),
  add constraint videos_texts_are_short check (
    length(filename) between 1 and 1024 and length(file_path) between 1 and 4096
    and length(captions_path) between 1 and 4096 and length(error) <= 2000
    and length(job_id) <= 200 and sha256 ~ '^[0-9a-f]{1,128}$'
  ),
  add constraint videos_paths_are_plain check (
    concat(file_path, captions_path) !~
      '[\u0001-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000E0000-\U000E007F]'
  );

-- The size is what Storage says, and the checksum what the pipeline has computed.
revoke insert (file_size_mb, sha256) on public.videos from authenticated;

-- Storage allows no percent sign in names, and clients decode it.
alter policy "owners add their uploads" on public.videos
  with check (
    owner = (select auth.uid())
    and status = 'uploaded'
    and options - 'language' = '{}'
    and starts_with(file_path, 'videos/' || (select auth.uid()) || '/')
    and length(concat(file_path, captions_path)) <= 2048
    and concat(file_path, '/', captions_path) !~ '(\.\.|\\|%|/\./|//)'
    and (
      captions_path is null
      or starts_with(captions_path, 'videos/' || (select auth.uid()) || '/')
    )
  );

-- Set from PITCHQUEST_MAX_WAITING_PER_USER by the pipeline.
create table pitchquest.limits (
  only_row boolean primary key default true check (only_row),
  max_waiting_per_user integer not null default 100 check (max_waiting_per_user > 0)
);
insert into pitchquest.limits default values;
revoke all on pitchquest.limits from public, anon, authenticated, service_role;

create index videos_waiting_of_owner_idx on public.videos (owner) where status = 'uploaded';

-- A user's own row beyond the limit is refused; a file in Storage is there already, so its row says
-- why it isn't analysed. A backend with the secret key keeps its own limits.
create function pitchquest.limit_waiting() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  most constant integer := (select max_waiting_per_user from pitchquest.limits);
  is_from_storage constant boolean := new.object_version is not null;
begin
  if current_setting('role', true) is distinct from 'authenticated' and not is_from_storage
    -- Sent twice, as after a lost answer: the conflict decides.
    or exists (select from public.videos where video_id = new.video_id)
  then
    return new;
  end if;
  if most > (
    select count(*) from (
      select from public.videos where owner = new.owner and status = 'uploaded' limit most
    ) as waiting
  ) then
    return new;
  end if;
  new.error := format('%s uploads of yours wait already, and no more may: upload it again later.', most);
  if not is_from_storage then
    raise exception using message = new.error;
  end if;
  -- One alert per file would be another way to make a nuisance of oneself.
  perform set_config('pitchquest.cancelled', 'on', true);
  new.status := 'failed';
  return new;
end
$$;

-- After `videos_take_over_upload`, which removes the row that this one replaces.
create trigger videos_waiting_limit
  before insert on public.videos
  for each row when (new.status = 'uploaded' and new.owner is not null)
  execute function pitchquest.limit_waiting();

-- Who is next: the first upload of every user, then the second of every user, and so on. What is
-- being analysed counts as the first. The rows without an owner, which are the operator's, are those
-- of one user.
create view pitchquest.queue as
select video_id, turn, row_number() over (order by turn, uploaded_at, id) as place
from (
  select video_id, id, status, uploaded_at,
    row_number() over (
      partition by owner order by status = 'processing' desc, uploaded_at, id
    ) as turn
  from public.videos
  where status = 'uploaded' or status = 'processing'
) as shares
where status = 'uploaded';
revoke all on pitchquest.queue from public, anon, authenticated, service_role;

-- As before, but a file whose name cannot be in a row stops no other.
create or replace function pitchquest.reconcile_uploads(most integer default 500) returns integer
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
      and name = pitchquest.plain(name, 1024)
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
  -- The limit above may have switched alerts off for its own rows.
  perform set_config('pitchquest.cancelled', 'off', true);
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

revoke execute on all functions in schema pitchquest from public;

-- A disk that is nearly full.
alter table public.alerts drop constraint alerts_kind_check;
alter table public.alerts add constraint alerts_kind_check
  check (kind in ('failed_video', 'drift', 'stuck_queue', 'budget', 'disk'));
