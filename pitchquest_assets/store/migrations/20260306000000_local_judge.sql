-- The judge of this machine is called `local`; `rules` was its name before.

alter table public.videos
  drop constraint videos_options_are_known;

alter table public.videos
  add constraint videos_options_are_known check (
    jsonb_typeof(options) = 'object'
    and options - array[
      'transcriber', 'whisper_model', 'judge', 'judge_samples', 'language', 'max_frames'
    ] = '{}'
    -- Each comparison is null if the key is absent; `is not false` lets that pass.
    and options ->> 'transcriber'
      in ('auto', 'captions', 'openai', 'whisper', 'pocketsphinx', 'off') is not false
    and (options ->> 'whisper_model' ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$') is not false
    and options ->> 'judge' in ('auto', 'local', 'rules', 'gemini', 'openai') is not false
    and (options ->> 'judge_samples' ~ '^[1-9]$') is not false
    and (options ->> 'language' ~ '^[a-z]{2}$') is not false
    and (options ->> 'max_frames' ~ '^[1-9][0-9]{0,2}$') is not false
    and (jsonb_typeof(options -> 'transcriber') = 'string') is not false
    and (jsonb_typeof(options -> 'whisper_model') = 'string') is not false
    and (jsonb_typeof(options -> 'judge') = 'string') is not false
    and (jsonb_typeof(options -> 'judge_samples') = 'number') is not false
    -- Null: detected, whatever PITCHQUEST_LANGUAGE says.
    and (jsonb_typeof(options -> 'language') in ('string', 'null')) is not false
    and (jsonb_typeof(options -> 'max_frames') = 'number') is not false
  );
