/** A change may propose another form of an eval that the base has too: then both are of one agent, under one name. */
export const proposedBatches: readonly string[] = [
  `ALTER TABLE proctor.batches DROP CONSTRAINT batches_pkey`,
  `ALTER TABLE proctor.batches ADD PRIMARY KEY (evaluation_id, agent, eval, proposed)`,
]
