-- How often the worker of this upload got lost: the pipeline tries again by itself, but not for ever.
-- `attempts` cannot tell, as it counts a person's uploads and retries too.

alter table public.videos
  add column workers_lost integer not null default 0 check (workers_lost >= 0);

-- The oldest uploads, whatever the clock's resolution: what the sensor takes and what waits before.
drop index public.videos_waiting_idx;
create index videos_waiting_idx on public.videos (uploaded_at, id) where status = 'uploaded';
-- What the sweeper looks at.
create index videos_processing_idx on public.videos (id) where status = 'processing';
