-- Events of the webhook that are given up: noted, so that each of them is told of in one alert.

alter table public.webhook_events add column given_up_at timestamptz;

-- Nobody needs an alert for what was given up before there was one.
update public.webhook_events set given_up_at = now()
where delivered_at is null and created_at <= now() - interval '3 days';

drop index public.webhook_events_due_idx;
create index webhook_events_due_idx on public.webhook_events (next_try_at, id)
  where delivered_at is null and given_up_at is null;

alter table public.alerts drop constraint alerts_kind_check;
alter table public.alerts add constraint alerts_kind_check
  check (kind in ('failed_video', 'drift', 'stuck_queue', 'budget', 'disk', 'webhook'));
