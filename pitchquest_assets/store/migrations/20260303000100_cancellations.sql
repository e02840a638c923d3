-- No alert when a person has cancelled an analysis: the transaction that then sets the video to
-- 'failed' sets pitchquest.cancelled to 'on'.

create or replace function pitchquest.tell_of_failed_video() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if pg_catalog.current_setting('pitchquest.cancelled', true) = 'on' then
    return null;
  end if;
  insert into public.alerts (kind, event_key, message)
  values (
    'failed_video',
    pg_catalog.concat_ws(':', 'failed', new.video_id, new.attempts, new.job_id),
    new.video_id || ': ' || coalesce(new.error, 'no reason was given')
  )
  on conflict (event_key) do nothing;
  return null;
end
$$;
