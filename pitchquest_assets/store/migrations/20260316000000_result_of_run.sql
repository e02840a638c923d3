-- `pitchquest status` looks up by run what has been stored.
create index analysis_results_job_id_idx on public.analysis_results (job_id);
