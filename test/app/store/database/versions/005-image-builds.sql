CREATE TABLE proctor.image_builds (
    organisation text NOT NULL,
    job_id uuid NOT NULL,
    fence integer NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);

INSERT INTO proctor.image_builds (organisation, job_id, fence, since) VALUES ('acme', '77777777-7777-4777-8777-777777777777', 0, '2026-11-26T22:50:00Z');

ALTER TABLE ONLY proctor.image_builds
    ADD CONSTRAINT image_builds_pkey PRIMARY KEY (organisation);

INSERT INTO proctor.migrations (name, "timestamp") VALUES ('005-image-builds', '2026-11-26T22:50:00.000Z');
