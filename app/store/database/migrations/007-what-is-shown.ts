/**
 * What of an evaluation is shown on GitHub, what its check runs were last made to say, and what could not be done yet. What ended before
 * this version and was shown then stays as it is.
 */
export const whatIsShown: readonly string[] = [
  `ALTER TABLE proctor.evaluations
    ADD COLUMN shown text,
    ADD COLUMN shown_at timestamptz,
    ADD COLUMN shown_results int,
    ADD COLUMN asked_at timestamptz NOT NULL DEFAULT now()`,
  `UPDATE proctor.evaluations SET asked_at = CASE WHEN approved_by IS NULL THEN created_at ELSE greatest(created_at, changed_at) END`,
  `UPDATE proctor.evaluations e SET shown = state
    WHERE state IN ('done', 'cancelled', 'failed')
      AND (finished_at < now() - interval '14 days' OR EXISTS (
        SELECT 1 FROM proctor.check_runs c
        WHERE c.evaluation_id = e.id AND c.status = 'completed' AND c.updated_at >= e.finished_at))`,
  `CREATE INDEX evaluations_unshown ON proctor.evaluations (changed_at) WHERE shown IS DISTINCT FROM state`,
  `ALTER TABLE proctor.check_runs ADD COLUMN digest text`,
  `DROP INDEX proctor.check_runs_open`,
  `CREATE TABLE proctor.troubles (
    evaluation_id uuid NOT NULL REFERENCES proctor.evaluations ON DELETE CASCADE,
    work text NOT NULL CHECK (work IN ('fetch', 'publish')),
    tries int NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    not_before timestamptz NOT NULL,
    error text NOT NULL,
    PRIMARY KEY (evaluation_id, work)
  )`,
]
