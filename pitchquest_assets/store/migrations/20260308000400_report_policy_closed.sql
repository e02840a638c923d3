-- The same policy by the view that users read anyway, so that nothing in the schema `pitchquest` is open
-- to them. Who may create policies on Storage's tables can run this file once more: it does what is left
-- to do.

do $$
begin
  if to_regclass('storage.objects') is not null then
    drop policy if exists "pitchquest: users read their reports" on storage.objects;
    create policy "pitchquest: users read their reports" on storage.objects
      for select to authenticated
      using (
        bucket_id = 'pitchquest' and starts_with(name, 'feedback_report/') and exists (
          select from public.video_progress
          where video_id = split_part(name, '/', 2) and report = name
        )
      );
  end if;
  drop view if exists pitchquest.own_reports;
exception when insufficient_privilege then
  raise warning 'Users cannot read their reports yet, for the policy on storage.objects was refused: %', sqlerrm;
end
$$;
