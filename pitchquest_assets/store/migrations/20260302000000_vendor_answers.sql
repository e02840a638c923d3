-- What vendors answered, so that a run that is tried again does not pay twice. Pruned like the values of assets.

create table public.vendor_answers (
  -- SHA-256 over the content, the prompt's version, the model, its settings and the sample's number.
  key text primary key,
  vendor text not null,
  model text not null,
  purpose text not null,
  -- Who asked first.
  video_id text not null,
  answer jsonb not null,
  created_at timestamptz not null default now()
);

create index vendor_answers_video_idx on public.vendor_answers (video_id);
create index vendor_answers_created_at_idx on public.vendor_answers (created_at);

alter table public.vendor_answers enable row level security;
revoke all on public.vendor_answers from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.vendor_answers to service_role;
