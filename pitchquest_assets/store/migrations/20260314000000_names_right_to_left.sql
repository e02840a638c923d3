-- The marks of right-to-left writing, which recorders and systems put into file names, are as harmless
-- as letters: they turn nothing around, as overrides, embeddings and isolates do.
create or replace function pitchquest.plain(value text, most integer, instead text default null)
returns text
language sql immutable
set search_path = ''
as $$
  select coalesce(nullif(left(btrim(regexp_replace(
    regexp_replace(value, '[\u200b\u202a-\u202e\u2060-\u206f\ufeff\U000E0000-\U000E007F]+', '', 'g'),
    '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'
  )), most), ''), instead)
$$;

alter table public.videos
  drop constraint videos_paths_are_plain,
  add constraint videos_paths_are_plain check (
    concat(file_path, captions_path) !~
      '[\u0001-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2060-\u206f\ufeff\U000E0000-\U000E007F]'
  );
