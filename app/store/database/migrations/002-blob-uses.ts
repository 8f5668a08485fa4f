export const blobUses: readonly string[] = [
  `CREATE TABLE proctor.blob_uses (
    evaluation_id uuid NOT NULL REFERENCES proctor.evaluations ON DELETE CASCADE,
    digest text NOT NULL,
    PRIMARY KEY (digest, evaluation_id)
  )`,
  `CREATE INDEX blob_uses_evaluation ON proctor.blob_uses (evaluation_id)`,
]
