-- Among the next uploads of the users, that of the one who was served longest ago comes first: by the
-- time of the upload alone, a user with many old ones would come before all others every time.

-- Without an owner, rows count as one user.
create index videos_served_of_owner_idx
  on public.videos ((coalesce(owner, '00000000-0000-0000-0000-000000000000'::uuid)), updated_at)
  where status <> 'uploaded';

create or replace view pitchquest.queue as
select video_id, turn,
  -- Who has one being analysed was served in the round before, and others are yet to be.
  row_number() over (
    order by turn, turn = busy + 1 desc, served_at nulls first, uploaded_at, id
  ) as place
from (
  select video_id, id, status, uploaded_at,
    coalesce(owner, '00000000-0000-0000-0000-000000000000'::uuid) as user_id,
    row_number() over (
      partition by owner order by status = 'processing' desc, uploaded_at, id
    ) as turn,
    count(*) filter (where status = 'processing') over (partition by owner) as busy
  from public.videos
  where status = 'uploaded' or status = 'processing'
) as shares
left join (
  select user_id, (
    select max(updated_at) from public.videos
    where status <> 'uploaded'
      and coalesce(owner, '00000000-0000-0000-0000-000000000000'::uuid) = user_id
  ) as served_at
  from (
    select distinct coalesce(owner, '00000000-0000-0000-0000-000000000000'::uuid) as user_id
    from public.videos where status = 'uploaded'
  ) as users
) as served using (user_id)
where status = 'uploaded';
