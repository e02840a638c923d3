-- Runs on several machines. What a lease must say so that any of them can judge it, and which workers
-- there are.

alter table public.worker_leases
  -- Some processes cannot send a heartbeat for minutes; others have a parent that sends it for them.
  add column silent_after interval not null default interval '180 seconds',
  -- Since when the process of the next step has been awaited; set while heartbeat_at is null.
  add column rested_at timestamptz;

-- One row for each `pitchquest worker` that runs; it renews its row with its heartbeats.
create table public.run_workers (
  -- host:pid:start of the process.
  worker text primary key,
  queue text not null,
  -- How many runs it executes at a time.
  slots integer not null check (slots > 0),
  disk_free_bytes bigint,
  heartbeat_at timestamptz not null default now()
);

alter table public.run_workers enable row level security;
revoke all on public.run_workers from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.run_workers to service_role;
