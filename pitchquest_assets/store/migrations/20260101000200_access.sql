-- Who may do what through the REST interface: owners read what is theirs and add uploads, the
-- service role does everything, anon nothing. The pipeline connects as the tables' owner.

alter table public.videos enable row level security;
alter table public.analysis_results enable row level security;
alter table public.analysis_results_history enable row level security;
alter table public.monitoring_metrics enable row level security;
alter table public.asset_values enable row level security;

-- Supabase grants everything on new tables to all three roles by default: start from nothing.
revoke all on public.videos, public.analysis_results, public.analysis_results_history,
  public.monitoring_metrics, public.asset_values
  from public, anon, authenticated, service_role;

grant select, insert, update, delete on public.videos, public.analysis_results,
  public.analysis_results_history, public.monitoring_metrics, public.asset_values
  to service_role;

grant select on public.videos, public.analysis_results to authenticated;
-- Only what an upload consists of: status, attempts and the rest are the pipeline's.
grant insert (video_id, filename, file_path, captions_path, file_size_mb, owner, sha256)
  on public.videos to authenticated;

-- The sub-select makes PostgreSQL ask for the caller once per statement, not once per row.
create policy "owners read their videos" on public.videos
  for select to authenticated
  using (owner = (select auth.uid()));

-- A path of this machine would have the pipeline open any file that it can read.
create policy "owners add their uploads" on public.videos
  for insert to authenticated
  with check (
    owner = (select auth.uid())
    and status = 'uploaded'
    and file_path !~ '(^/|\.\.|\\)'
    and coalesce(captions_path, '') !~ '(^/|\.\.|\\)'
  );

create policy "owners read their results" on public.analysis_results
  for select to authenticated
  using (
    exists (
      select from public.videos
      where videos.video_id = analysis_results.video_id
        and videos.owner = (select auth.uid())
    )
  );
