-- Why a version won: the trials of the search that it came of.

create or replace function forge.leaderboard(model text)
returns table (place bigint, trial int, chosen boolean, weight double precision, algorithm text, params jsonb, share double precision,
  status text, metric text, score double precision, sd double precision, fold_scores double precision[], seconds double precision, error_message text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select row_number() over (order by t.share desc, t.cost nulls last, t.status = 'failed', t.trial),
      t.trial, m.weight is not null, m.weight, t.algorithm, t.params, t.share, t.status, t.metric,
      t.score, (select stddev_samp(f) from unnest(t.fold_scores) f), t.fold_scores,
      extract(epoch from t.finished_at - t.started_at)::double precision, t.error_message
    from forge.resolve_model(leaderboard.model) r
    join forge.model_versions v on v.model = r.model and v.version = r.version
    join forge.search_trials t on t.request = v.training_request
    left join lateral jsonb_to_recordset(case jsonb_typeof(v.manifest -> 'ensemble') when 'array' then v.manifest -> 'ensemble'
        else jsonb_build_array(jsonb_build_object('trial', v.manifest #> '{search,best_trial}', 'weight', 1)) end)
      as m(trial int, weight double precision) on m.trial = t.trial
    order by 1;
end
$$;
comment on function forge.leaderboard(text) is
  'trials of the search that a version came of, the best first: what was tried, its score over the folds, and which one was chosen, with its weight in the model where several were; no row if nothing was searched';
