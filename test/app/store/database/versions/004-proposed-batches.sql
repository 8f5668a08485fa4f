ALTER TABLE ONLY proctor.batches
    DROP CONSTRAINT batches_pkey,
    ADD CONSTRAINT batches_pkey PRIMARY KEY (evaluation_id, agent, eval, proposed);

INSERT INTO proctor.migrations (name, "timestamp") VALUES ('004-proposed-batches', '2026-11-26T22:10:00.000Z');
