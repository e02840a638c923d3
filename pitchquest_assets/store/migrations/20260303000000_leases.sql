-- Which process works on which run, so that another one, on another machine too, can see whether it
-- still does. Not in `videos`: a heartbeat there would touch updated_at and be sent by Realtime.

create table public.worker_leases (
  job_id text not null,
  -- host:pid:start of the process whose end is the end of the run.
  worker text not null,
  video_id text not null,
  -- Null between two steps that have a process each: nobody can send one then.
  heartbeat_at timestamptz default now(),
  primary key (job_id, worker)
);

alter table public.worker_leases enable row level security;
revoke all on public.worker_leases from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.worker_leases to service_role;
