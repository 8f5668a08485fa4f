CREATE TABLE proctor.worker_logins (
    login text NOT NULL,
    organisations text[],
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

INSERT INTO proctor.worker_logins (login, organisations, created_at) VALUES ('worker_one', '{acme}', '2026-11-24T12:00:00Z');

ALTER TABLE ONLY proctor.worker_logins
    ADD CONSTRAINT worker_logins_pkey PRIMARY KEY (login);

CREATE FUNCTION proctor.my_organisations() RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog'
    AS $$
    SELECT COALESCE((SELECT COALESCE(organisations, '{*}') FROM proctor.worker_logins WHERE login = session_user), '{}')
  $$;

ALTER TABLE proctor.workers ADD COLUMN login text DEFAULT SESSION_USER NOT NULL;

INSERT INTO proctor.migrations (name, "timestamp") VALUES ('003-worker-logins', '2026-11-26T20:42:26.020Z');
