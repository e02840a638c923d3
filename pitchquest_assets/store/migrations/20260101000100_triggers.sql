-- What must hold whoever writes: the pipeline, a backend through REST, or a person with psql.
-- Each function fixes its search_path, so no schema of a caller can slip in other names.

create function pitchquest.touch_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := pg_catalog.now();
  return new;
end
$$;

create trigger videos_touch_updated_at
  before update on public.videos
  for each row execute function pitchquest.touch_updated_at();

create function pitchquest.count_attempt() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.attempts := old.attempts + 1;
  return new;
end
$$;

-- Also for a row that is 'uploaded' already: who uploads again wants another run, and the sensor
-- tells runs apart by the attempt.
create trigger videos_count_attempt
  before update of status on public.videos
  for each row when (new.status = 'uploaded')
  execute function pitchquest.count_attempt();

create function pitchquest.keep_replaced_result() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into public.analysis_results_history (
    video_id, job_id, overall_score, content_analysis, delivery_analysis, visual_analysis,
    feedback, metadata, processing_time_seconds, created_at
  ) values (
    old.video_id, old.job_id, old.overall_score, old.content_analysis, old.delivery_analysis,
    old.visual_analysis, old.feedback, old.metadata, old.processing_time_seconds, old.created_at
  );
  return new;
end
$$;

-- Storing the same result once more, as a retried step does, is not a replacement.
create trigger analysis_results_keep_replaced
  before update on public.analysis_results
  for each row when (old is distinct from new)
  execute function pitchquest.keep_replaced_result();
