-- Files that were deleted or moved before their analysis, rows that still wait for their file, and
-- files that no row is about. Without Supabase these functions find no storage.objects and do nothing.

alter table public.videos
  -- For clients; the pipeline itself asks Storage.
  add column waits_for_file boolean not null default false;

create function pitchquest.note_whether_it_waits() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  -- A row that is tried again had its file.
  new.waits_for_file := new.status = 'uploaded' and new.attempts = 0
    and not pitchquest.has_arrived(new.file_path, new.captions_path);
  return new;
end
$$;

-- By its name the last of the triggers before a change, after those that set these columns.
create trigger videos_waits_for_file
  before insert or update of status, object_version, file_path, captions_path on public.videos
  for each row execute function pitchquest.note_whether_it_waits();

update public.videos set waits_for_file = true
where status = 'uploaded' and attempts = 0
  and not pitchquest.has_arrived(file_path, captions_path);

-- The place of each upload in the queue, 1 being the next; none as long as its file has not come.
create view pitchquest.places as
select video_id, row_number() over (order by queue.place) as place
from pitchquest.queue join public.videos using (video_id)
where not waits_for_file;
revoke all on pitchquest.places from public, anon, authenticated, service_role;

-- Compares the uploads that wait with what is in the bucket: a file that was there and is gone fails
-- its video, captions that are gone are not waited for, and what has come is not either. Returns how
-- many have failed.
create function pitchquest.check_files() returns integer
language plpgsql security definer
set search_path = ''
as $$
declare
  failed integer;
begin
  if to_regclass('storage.objects') is null then
    return 0;
  end if;
  -- Whoever deleted the file knows of it, and needs no alert.
  perform set_config('pitchquest.cancelled', 'on', true);
  update public.videos set
    status = 'failed',
    error = 'The file ' || file_path || ' was deleted or moved before it was analysed: upload it again.'
  where status = 'uploaded' and starts_with(file_path, 'videos/')
    -- The pipeline registers its own files once they are stored.
    and (object_version is not null or starts_with(file_path, 'videos/pitchquest/'))
    and not pitchquest.has_arrived(file_path, null);
  get diagnostics failed = row_count;
  perform set_config('pitchquest.cancelled', 'off', true);
  update public.videos set captions_path = null
  where status = 'uploaded' and starts_with(captions_path, 'videos/')
    and (object_version like '%+%' or starts_with(file_path, 'videos/pitchquest/'))
    and not pitchquest.has_arrived(captions_path, null);
  -- Files that get no row by themselves, such as scripts, do not tell that they have come.
  update public.videos set waits_for_file = false
  where waits_for_file and status = 'uploaded'
    and pitchquest.has_arrived(file_path, captions_path);
  return failed;
end
$$;

-- Files in the bucket that are neither videos nor captions by their name, and that no row names.
create function pitchquest.files_without_row(most integer default null) returns setof text
language plpgsql stable security definer
set search_path = ''
as $$
begin
  if to_regclass('storage.objects') is null then
    return;
  end if;
  return query
    select o.name from storage.objects as o
    where o.bucket_id = 'videos' and o.metadata ->> 'size' is not null
      and not starts_with(o.name, 'pitchquest/')
      and to_jsonb(o) ->> 'archived_at' is null
      -- What web pages put into empty folders.
      and o.name not like '%/.emptyFolderPlaceholder'
      and o.name !~* '\.(mp4|m4v|mov|webm|mkv|avi|vtt|srt|sbv|ttml|dfxp|ass|ssa|txt)$'
      and not exists (select from public.videos where file_path = 'videos/' || o.name)
      and not exists (select from public.videos where captions_path = 'videos/' || o.name)
    order by o.created_at desc, o.name
    limit most;
end
$$;

revoke execute on function pitchquest.note_whether_it_waits(), pitchquest.check_files(),
  pitchquest.files_without_row(integer)
  from public;
