ALTER TABLE proctor.evaluations
    ADD COLUMN shown text,
    ADD COLUMN shown_at timestamp with time zone,
    ADD COLUMN shown_results integer,
    ADD COLUMN asked_at timestamp with time zone DEFAULT now() NOT NULL;

CREATE INDEX evaluations_unshown ON proctor.evaluations USING btree (changed_at) WHERE (shown IS DISTINCT FROM state);

ALTER TABLE proctor.check_runs ADD COLUMN digest text;

DROP INDEX proctor.check_runs_open;

CREATE TABLE proctor.troubles (
    evaluation_id uuid NOT NULL,
    work text NOT NULL,
    tries integer NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    not_before timestamp with time zone NOT NULL,
    error text NOT NULL,
    CONSTRAINT troubles_work_check CHECK ((work = ANY (ARRAY['fetch'::text, 'publish'::text])))
);

INSERT INTO proctor.troubles (evaluation_id, work, tries, not_before, error) VALUES ('11111111-1111-4111-8111-111111111111', 'publish', 2, '2026-11-26T22:00:00Z', 'GitHub answered 502');

ALTER TABLE ONLY proctor.troubles
    ADD CONSTRAINT troubles_pkey PRIMARY KEY (evaluation_id, work);

ALTER TABLE ONLY proctor.troubles
    ADD CONSTRAINT troubles_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

INSERT INTO proctor.migrations (name, "timestamp") VALUES ('007-what-is-shown', '2026-11-26T23:50:00.000Z');
