-- Of a very long name or error only the beginning is looked at: 50 MB took the database five seconds.
create or replace function pitchquest.plain(value text, most integer, instead text default null)
returns text
language sql immutable
set search_path = ''
as $$
  select coalesce(nullif(left(btrim(regexp_replace(
    regexp_replace(
      left(value, 8 * most), '[\u200b\u202a-\u202e\u2060-\u206f\ufeff\U000E0000-\U000E007F]+', '', 'g'
    ),
    '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+', ' ', 'g'
  )), most), ''), instead)
$$;
