-- `pitchquest status` shows the newest uploads, of a million as of ten.
create index videos_newest_idx on public.videos (uploaded_at, id);
