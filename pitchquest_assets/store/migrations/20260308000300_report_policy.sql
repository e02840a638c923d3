-- Owners read the reports of their videos with their own session. Who may create policies on Storage's
-- tables can run this file once more: it does what is left to do.

do $$
begin
  if to_regclass('storage.objects') is null then
    return;
  end if;
  drop policy if exists "pitchquest: users read their reports" on storage.objects;
  create policy "pitchquest: users read their reports" on storage.objects
    for select to authenticated
    using (
      bucket_id = 'pitchquest' and starts_with(name, 'feedback_report/') and exists (
        select from pitchquest.own_reports
        where video_id = split_part(name, '/', 2) and object_path = name
      )
    );
exception when insufficient_privilege then
  raise warning 'Users cannot read their reports yet, for the policy on storage.objects was refused: %', sqlerrm;
end
$$;
