CREATE TABLE proctor.missed_deliveries (
    id text NOT NULL,
    github_id bigint NOT NULL,
    delivered_at timestamp with time zone NOT NULL,
    most integer NOT NULL,
    asked integer DEFAULT 0 NOT NULL,
    ask_at timestamp with time zone DEFAULT now() NOT NULL
);

INSERT INTO proctor.missed_deliveries (id, github_id, delivered_at, most) VALUES ('d-2', 5000000001, '2026-11-26T22:00:00Z', 9);

ALTER TABLE ONLY proctor.missed_deliveries
    ADD CONSTRAINT missed_deliveries_pkey PRIMARY KEY (id);

CREATE TABLE proctor.scans (
    name text NOT NULL,
    until timestamp with time zone NOT NULL
);

INSERT INTO proctor.scans (name, until) VALUES ('deliveries', '2026-11-26T22:00:00Z');

ALTER TABLE ONLY proctor.scans
    ADD CONSTRAINT scans_pkey PRIMARY KEY (name);

ALTER TABLE proctor.installations ADD COLUMN permissions json;

INSERT INTO proctor.migrations (name, "timestamp") VALUES ('006-missed-deliveries', '2026-11-26T23:20:00.000Z');
