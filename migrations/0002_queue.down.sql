drop table forge.staged_chunks, forge.training_metrics, forge.training_log, forge.workers, forge.training_attempts,
  forge.training_requests;
