-- The options of a video's runs, which replace the settings of the pipeline.

alter table public.videos
  add column options jsonb not null default '{}'
  constraint videos_options_are_known check (
    jsonb_typeof(options) = 'object'
    and options - array[
      'transcriber', 'whisper_model', 'judge', 'judge_samples', 'language', 'max_frames'
    ] = '{}'
    -- Each comparison is null if the key is absent; `is not false` lets that pass.
    and options ->> 'transcriber'
      in ('auto', 'captions', 'openai', 'whisper', 'pocketsphinx', 'off') is not false
    and (options ->> 'whisper_model' ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$') is not false
    and options ->> 'judge' in ('auto', 'rules', 'gemini', 'openai') is not false
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

grant insert (options) on public.videos to authenticated;

-- Engines cost the operator money and time, so owners may choose only the language.
alter policy "owners add their uploads" on public.videos
  with check (
    owner = (select auth.uid())
    and status = 'uploaded'
    and options - 'language' = '{}'
    and starts_with(file_path, 'videos/' || (select auth.uid()) || '/')
    and file_path !~ '(\.\.|\\)'
    and (
      captions_path is null
      or starts_with(captions_path, 'videos/' || (select auth.uid()) || '/')
        and captions_path !~ '(\.\.|\\)'
    )
  );
