-- `pitchquest up` listens for uploads that wait, instead of asking every few seconds.

create function pitchquest.announce_upload() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pg_catalog.pg_notify('pitchquest_uploads', '');
  return null;
end
$$;

revoke execute on function pitchquest.announce_upload() from public;

create trigger videos_announce_upload
  after insert or update on public.videos
  for each row when (new.status = 'uploaded')
  execute function pitchquest.announce_upload();
