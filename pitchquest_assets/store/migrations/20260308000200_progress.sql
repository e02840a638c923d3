-- What an owner or a backend wants to know of a video while it is analysed, and where its report is.
-- These views read tables that users may not read, so each says whose rows it shows.

create view public.video_progress with (security_barrier = true) as
select
  v.video_id,
  v.owner,
  v.status,
  v.attempts,
  v.error,
  -- 1 is the next.
  places.place as queue_place,
  v.waits_for_file,
  -- The values of finished videos are pruned.
  case
    when v.status = 'completed' then jsonb_array_length(made.steps)
    else jsonb_array_length(jsonb_path_query_array(made.steps, '$[*] ? (@.done_at != null)'))
  end as steps_done,
  jsonb_array_length(made.steps) as steps_total,
  case when v.status = 'processing' then
    jsonb_path_query_first(made.steps, '$[*] ? (@.done_at == null)') ->> 'step'
  end as current_step,
  made.steps,
  -- Its name in the bucket `pitchquest`.
  (
    select object_path from public.asset_values
    where asset_key = 'feedback_report' and partition_key = v.video_id
  ) as report,
  v.updated_at
from public.videos as v
left join pitchquest.places on places.video_id = v.video_id and v.status = 'uploaded'
cross join lateral (
  select
    jsonb_agg(jsonb_build_object('step', name, 'done_at', stored.at) order by number) as steps
  -- In the order in which a run makes them; those of `store/rows/progress.py`.
  from unnest(array[
    'source_video', 'audio', 'frames', 'transcript', 'visual_analysis', 'content_analysis',
    'delivery_analysis', 'aggregated_result', 'feedback_report'
  ]) with ordinality as step (name, number)
  left join lateral (
    select created_at as at from public.asset_values
    where asset_key = name and partition_key = v.video_id and run_id = v.job_id
    union all
    select created_at from public.analysis_results as result
    where name = 'aggregated_result' and result.video_id = v.video_id and result.job_id = v.job_id
  ) as stored on true
) as made
where v.owner = (select auth.uid())
  or pg_has_role(current_user, 'service_role', 'member');

revoke all on public.video_progress from public, anon, authenticated, service_role;
grant select on public.video_progress to authenticated, service_role;

-- The reports of the caller's own videos, for the policy on storage.objects.
create view pitchquest.own_reports with (security_barrier = true) as
select video_id, object_path
from public.asset_values join public.videos on video_id = partition_key
where asset_key = 'feedback_report' and owner = (select auth.uid());
revoke all on pitchquest.own_reports from public, anon, authenticated, service_role;
grant select on pitchquest.own_reports to authenticated;
