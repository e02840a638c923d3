-- Which process works on which run, so that another one, even on another machine, can see whether it
-- is alive. Not in `videos`: a heartbeat there would change updated_at and be sent by Realtime.

create table public.worker_leases (
  job_id text not null,
  -- host:pid:start of the process without which the run cannot go on.
  worker text not null,
  video_id text not null,
  -- Null between two steps that have a process each, when none is there to send it.
  heartbeat_at timestamptz default now(),
  primary key (job_id, worker)
);

alter table public.worker_leases enable row level security;
revoke all on public.worker_leases from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.worker_leases to service_role;
