CREATE SCHEMA proctor;

CREATE TABLE proctor.agent_versions (
    repo_id bigint NOT NULL,
    slug text NOT NULL,
    tag text NOT NULL,
    commit text NOT NULL,
    published_at timestamp with time zone,
    evaluation_id uuid
);

CREATE TABLE proctor.agents (
    repo_id bigint NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.baselines (
    repo_id bigint NOT NULL,
    agent text NOT NULL,
    eval text NOT NULL,
    sample_id text NOT NULL,
    key text NOT NULL,
    evaluation_id uuid NOT NULL,
    run_id text NOT NULL,
    accepted_by text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.batches (
    evaluation_id uuid NOT NULL,
    eval text NOT NULL,
    agent text NOT NULL,
    proposed boolean NOT NULL,
    samples integer NOT NULL,
    gate json NOT NULL,
    conclusion text
);

CREATE TABLE proctor.blob_uses (
    evaluation_id uuid NOT NULL,
    digest text NOT NULL
);

CREATE TABLE proctor.check_runs (
    evaluation_id uuid NOT NULL,
    name text NOT NULL,
    github_id bigint NOT NULL,
    status text NOT NULL,
    conclusion text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.chunks (
    evaluation_id uuid NOT NULL,
    index integer NOT NULL,
    job_id uuid NOT NULL,
    state text DEFAULT 'due'::text NOT NULL,
    note text,
    CONSTRAINT chunks_state_check CHECK ((state = ANY (ARRAY['due'::text, 'done'::text, 'lost'::text])))
);

CREATE TABLE proctor.claims (
    job_id uuid NOT NULL,
    fence integer NOT NULL,
    kind text NOT NULL,
    worker_id uuid NOT NULL,
    evaluation_id uuid NOT NULL,
    organisation text NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL,
    wanted json,
    public_key text,
    sealed json,
    CONSTRAINT claims_kind_check CHECK ((kind = ANY (ARRAY['plan'::text, 'chunk'::text])))
);

CREATE TABLE proctor.credentials (
    organisation text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    key_id uuid NOT NULL,
    wrapped bytea NOT NULL,
    data bytea NOT NULL,
    set_by text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.deliveries (
    id text NOT NULL,
    event text NOT NULL,
    action text,
    installation_id bigint,
    repo_id bigint,
    body_digest text NOT NULL,
    body json NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    state text DEFAULT 'received'::text NOT NULL,
    note text,
    CONSTRAINT deliveries_state_check CHECK ((state = ANY (ARRAY['received'::text, 'handled'::text, 'ignored'::text, 'failed'::text])))
);

CREATE TABLE proctor.evaluations (
    id uuid NOT NULL,
    repo_id bigint NOT NULL,
    installation_id bigint NOT NULL,
    organisation text NOT NULL,
    kind text NOT NULL,
    ref text,
    pull integer,
    pull_author text,
    tag text,
    head_sha text NOT NULL,
    base_sha text,
    head_repo_id bigint,
    default_branch boolean NOT NULL,
    trust text NOT NULL,
    approved_by text,
    approved_with_credentials boolean DEFAULT false NOT NULL,
    request json NOT NULL,
    state text NOT NULL,
    note text,
    priority integer NOT NULL,
    dedupe text NOT NULL,
    supersedes text,
    delivery_id text,
    plan_id text,
    plan_blob json,
    plan_job uuid,
    head_tree json,
    base_tree json,
    errors json,
    happened_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT evaluations_kind_check CHECK ((kind = ANY (ARRAY['pull_request'::text, 'push'::text, 'tag'::text, 'command'::text, 'merge_group'::text]))),
    CONSTRAINT evaluations_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'queued'::text, 'planning'::text, 'running'::text, 'concluding'::text, 'done'::text, 'cancelled'::text, 'failed'::text]))),
    CONSTRAINT evaluations_trust_check CHECK ((trust = ANY (ARRAY['trusted'::text, 'fork'::text])))
);

CREATE TABLE proctor.expected_artifacts (
    id uuid NOT NULL,
    repo_id bigint NOT NULL,
    run_id text NOT NULL,
    agent text NOT NULL,
    eval text NOT NULL,
    sample_id text NOT NULL,
    name text NOT NULL,
    blob json NOT NULL,
    digest text NOT NULL,
    author text NOT NULL,
    author_id bigint NOT NULL,
    url text NOT NULL,
    key text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.feedback (
    id uuid NOT NULL,
    repo_id bigint NOT NULL,
    run_id text,
    evaluation_id uuid,
    agent text,
    eval text,
    sample_id text,
    rating text NOT NULL,
    body text NOT NULL,
    author text NOT NULL,
    author_id bigint NOT NULL,
    trusted boolean NOT NULL,
    url text NOT NULL,
    key text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT feedback_rating_check CHECK ((rating = ANY (ARRAY['pass'::text, 'fail'::text, 'partial'::text, 'none'::text])))
);

CREATE TABLE proctor.installations (
    id bigint NOT NULL,
    account text NOT NULL,
    account_id bigint NOT NULL,
    account_type text NOT NULL,
    suspended_at timestamp with time zone,
    removed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.master_keys (
    id uuid NOT NULL,
    salt bytea NOT NULL,
    proof bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.migrations (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);

CREATE TABLE proctor.migrations_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);

CREATE TABLE proctor.outbox (
    id uuid NOT NULL,
    evaluation_id uuid,
    kind text NOT NULL,
    key text NOT NULL,
    payload json NOT NULL,
    state text DEFAULT 'due'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    error text,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT outbox_state_check CHECK ((state = ANY (ARRAY['due'::text, 'done'::text, 'gone'::text])))
);

CREATE TABLE proctor.quarantined (
    repo_id bigint NOT NULL,
    agent text NOT NULL,
    eval text NOT NULL,
    sample_id text NOT NULL,
    author text NOT NULL,
    url text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.repos (
    id bigint NOT NULL,
    installation_id bigint NOT NULL,
    owner text NOT NULL,
    name text NOT NULL,
    default_branch text,
    private boolean NOT NULL,
    tags_read_at timestamp with time zone,
    removed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.results (
    seq bigint NOT NULL,
    evaluation_id uuid NOT NULL,
    run_id text NOT NULL,
    agent text NOT NULL,
    eval text NOT NULL,
    sample_id text NOT NULL,
    side text NOT NULL,
    epoch integer NOT NULL,
    attempt integer NOT NULL,
    run_key text NOT NULL,
    grade_key text NOT NULL,
    verdict text NOT NULL,
    code text,
    reusable boolean NOT NULL,
    reused boolean NOT NULL,
    cost_usd double precision NOT NULL,
    result json NOT NULL,
    kept_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE proctor.results ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME proctor.results_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE proctor.samples (
    evaluation_id uuid NOT NULL,
    eval text NOT NULL,
    agent text NOT NULL,
    sample_id text NOT NULL,
    place json
);

CREATE TABLE proctor.scores (
    evaluation_id uuid NOT NULL,
    run_id text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    required boolean NOT NULL,
    status text NOT NULL,
    score double precision NOT NULL,
    trust text NOT NULL
);

CREATE TABLE proctor.tags (
    repo_id bigint NOT NULL,
    name text NOT NULL,
    commit text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.verdicts (
    evaluation_id uuid NOT NULL,
    revision integer NOT NULL,
    conclusion text NOT NULL,
    report_blob json,
    totals json,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE proctor.workers (
    id uuid NOT NULL,
    name text NOT NULL,
    organisations text[],
    public_key text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);

INSERT INTO proctor.agent_versions (repo_id, slug, tag, commit, published_at, evaluation_id) VALUES (9, 'fixer', 'v1', 'abc', '2026-11-21 08:15:00+00', '11111111-1111-4111-8111-111111111111');

INSERT INTO proctor.agents (repo_id, slug, name, first_seen) VALUES (9, 'fixer', 'Fixer', '2026-11-21 08:15:00+00');

INSERT INTO proctor.baselines (repo_id, agent, eval, sample_id, key, evaluation_id, run_id, accepted_by, created_at) VALUES (9, 'fixer', 'parser', 'quoted-comma', 'sha256:0202020202020202020202020202020202020202020202020202020202020202', '11111111-1111-4111-8111-111111111111', 'fixer-parser-quoted-comma-e1', 'octocat', '2026-11-21 08:15:00+00');

INSERT INTO proctor.batches (evaluation_id, eval, agent, proposed, samples, gate, conclusion) VALUES ('11111111-1111-4111-8111-111111111111', 'parser', 'fixer', false, 1, '{"minPassRate":1,"noRegressions":false}', 'success');

INSERT INTO proctor.blob_uses (evaluation_id, digest) VALUES ('11111111-1111-4111-8111-111111111111', 'sha256:abababababababababababababababababababababababababababababababab');

INSERT INTO proctor.check_runs (evaluation_id, name, github_id, status, conclusion, updated_at) VALUES ('11111111-1111-4111-8111-111111111111', 'proctor', 42, 'completed', 'success', '2026-11-21 08:15:00+00');

INSERT INTO proctor.chunks (evaluation_id, index, job_id, state, note) VALUES ('11111111-1111-4111-8111-111111111111', 0, '22222222-2222-4222-8222-222222222222', 'done', NULL);

INSERT INTO proctor.claims (job_id, fence, kind, worker_id, evaluation_id, organisation, claimed_at, wanted, public_key, sealed) VALUES ('22222222-2222-4222-8222-222222222222', 0, 'chunk', '66666666-6666-4666-8666-666666666666', '11111111-1111-4111-8111-111111111111', 'acme', '2026-11-21 08:15:00+00', NULL, NULL, NULL);

INSERT INTO proctor.credentials (organisation, name, version, key_id, wrapped, data, set_by, created_at) VALUES ('acme', 'OPENAI_API_KEY', 1, '861e8d29-0097-461a-8c18-2dc940ca0b47', '\x1e136bf185b89125a8a9156fa11a06a251e877edeb35bedfe39b358e06ec8377ea86d83dd22cc9deec01266e236f02e307c4ea6ad070290d9eb04bd8', '\xffaf7ae746c7ad097be560c21522137f1b7cf17fbdecb1278b0b528b539ca0fa4780b884e600549df6a033eb8e85', 'octocat', '2026-11-26 20:42:26.623+00');

INSERT INTO proctor.deliveries (id, event, action, installation_id, repo_id, body_digest, body, received_at, state, note) VALUES ('d-1', 'push', NULL, 7, 9, 'digest', '{"ref":"refs/heads/main \u0000"}', '2026-11-21 08:15:00+00', 'handled', 'one evaluation');

INSERT INTO proctor.evaluations (id, repo_id, installation_id, organisation, kind, ref, pull, pull_author, tag, head_sha, base_sha, head_repo_id, default_branch, trust, approved_by, approved_with_credentials, request, state, note, priority, dedupe, supersedes, delivery_id, plan_id, plan_blob, plan_job, head_tree, base_tree, errors, happened_at, created_at, changed_at, started_at, finished_at) VALUES ('11111111-1111-4111-8111-111111111111', 9, 7, 'acme', 'push', 'main', NULL, NULL, NULL, 'abc', NULL, NULL, true, 'trusted', NULL, false, '{}', 'done', NULL, 0, 'commit:abc', 'push:main', 'd-1', 'sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', '{"digest":"sha256:abababababababababababababababababababababababababababababababab","bytes":3,"name":"tree.tar"}', NULL, '{"digest":"sha256:abababababababababababababababababababababababababababababababab","bytes":3,"name":"tree.tar"}', NULL, NULL, '2026-11-21 08:15:00+00', '2026-11-21 08:15:00+00', '2026-11-21 08:15:00+00', '2026-11-21 08:15:00+00', '2026-11-21 08:15:00+00');

INSERT INTO proctor.expected_artifacts (id, repo_id, run_id, agent, eval, sample_id, name, blob, digest, author, author_id, url, key, created_at) VALUES ('55555555-5555-4555-8555-555555555555', 9, 'fixer-parser-quoted-comma-e1', 'fixer', 'parser', 'quoted-comma', 'answer.json', '{"digest":"sha256:abababababababababababababababababababababababababababababababab","bytes":3,"name":"tree.tar"}', 'sha256:abababababababababababababababababababababababababababababababab', 'octocat', 1, 'https://github.com/acme/orders/pull/1#issuecomment-2', 'comment:2', '2026-11-21 08:15:00+00');

INSERT INTO proctor.feedback (id, repo_id, run_id, evaluation_id, agent, eval, sample_id, rating, body, author, author_id, trusted, url, key, created_at) VALUES ('44444444-4444-4444-8444-444444444444', 9, 'fixer-parser-quoted-comma-e1', '11111111-1111-4111-8111-111111111111', 'fixer', 'parser', 'quoted-comma', 'fail', 'it deletes the header', 'octocat', 1, true, 'https://github.com/acme/orders/pull/1#issuecomment-1', 'comment:1', '2026-11-21 08:15:00+00');

INSERT INTO proctor.installations (id, account, account_id, account_type, suspended_at, removed_at, created_at) VALUES (7, 'Acme', 5000000001, 'Organization', NULL, NULL, '2026-11-21 08:15:00+00');

INSERT INTO proctor.master_keys (id, salt, proof, created_at) VALUES ('861e8d29-0097-461a-8c18-2dc940ca0b47', '\xd4f79f6a42fbb29d7e377bf12440c26b', '\x201b762a1f4ada4206f6490b84790158e9ad26a61a3ad776663325b971c20038092453226629af43a1a1b8fb345a', '2026-11-26 20:42:26.090274+00');

INSERT INTO proctor.migrations (name, "timestamp") VALUES ('001-first', '2026-11-26T20:42:25.990Z');
INSERT INTO proctor.migrations (name, "timestamp") VALUES ('002-blob-uses', '2026-11-26T20:42:26.014Z');

INSERT INTO proctor.migrations_lock (id, is_locked) VALUES ('migration_lock', 0);

INSERT INTO proctor.outbox (id, evaluation_id, kind, key, payload, state, attempts, error, not_before, created_at, done_at) VALUES ('33333333-3333-4333-8333-333333333333', '11111111-1111-4111-8111-111111111111', 'comment', 'comment:1', '{"body":"x"}', 'due', 0, NULL, '2026-11-21 08:15:00+00', '2026-11-21 08:15:00+00', NULL);

INSERT INTO proctor.quarantined (repo_id, agent, eval, sample_id, author, url, created_at) VALUES (9, 'fixer', 'parser', 'crlf-rows', 'octocat', 'https://github.com/acme/orders/issues/1', '2026-11-21 08:15:00+00');

INSERT INTO proctor.repos (id, installation_id, owner, name, default_branch, private, tags_read_at, removed_at, created_at) VALUES (9, 7, 'Acme', 'orders', 'main', true, NULL, NULL, '2026-11-21 08:15:00+00');

INSERT INTO proctor.results (seq, evaluation_id, run_id, agent, eval, sample_id, side, epoch, attempt, run_key, grade_key, verdict, code, reusable, reused, cost_usd, result, kept_at) OVERRIDING SYSTEM VALUE VALUES (1, '11111111-1111-4111-8111-111111111111', 'fixer-parser-quoted-comma-e1', 'fixer', 'parser', 'quoted-comma', 'head', 1, 1, 'sha256:0101010101010101010101010101010101010101010101010101010101010101', 'sha256:0202020202020202020202020202020202020202020202020202020202020202', 'pass', NULL, true, false, 0, '{"record":{"run":"fixer-parser-quoted-comma-e1","key":"sha256:0101010101010101010101010101010101010101010101010101010101010101","ended":{"as":"completed"},"turns":[],"steps":{"digest":"sha256:abababababababababababababababababababababababababababababababab","bytes":3,"name":"tree.tar"},"outputs":[],"usage":{"by":"none","inputTokens":0,"outputTokens":0,"costUsd":0},"warnings":[],"timing":{"startedAt":"2026-11-21T08:15:00Z","durationMs":1,"agentMs":1}},"grade":{"run":"fixer-parser-quoted-comma-e1","key":"sha256:0202020202020202020202020202020202020202020202020202020202020202","scores":[{"name":"tests","type":"tests","required":true,"status":"PASS","score":1,"trust":"in-process","evidence":"ok"}],"verdict":"pass","reason":"ok","usage":{"by":"none","inputTokens":0,"outputTokens":0,"costUsd":0}}}', '2026-11-21 08:15:00+00');

INSERT INTO proctor.samples (evaluation_id, eval, agent, sample_id, place) VALUES ('11111111-1111-4111-8111-111111111111', 'parser', 'fixer', 'quoted-comma', '{"file":"evals/parser.csv","line":2}');

INSERT INTO proctor.scores (evaluation_id, run_id, name, type, required, status, score, trust) VALUES ('11111111-1111-4111-8111-111111111111', 'fixer-parser-quoted-comma-e1', 'tests', 'tests', true, 'PASS', 1, 'in-process');

INSERT INTO proctor.tags (repo_id, name, commit, seen_at) VALUES (9, 'v1', 'abc', '2026-11-21 08:15:00+00');

INSERT INTO proctor.verdicts (evaluation_id, revision, conclusion, report_blob, totals, created_at) VALUES ('11111111-1111-4111-8111-111111111111', 3, 'success', '{"digest":"sha256:abababababababababababababababababababababababababababababababab","bytes":3,"name":"tree.tar"}', NULL, '2026-11-21 08:15:00+00');

INSERT INTO proctor.workers (id, name, organisations, public_key, started_at, seen_at) VALUES ('66666666-6666-4666-8666-666666666666', 'box', '{acme}', 'key', '2026-11-21 08:15:00+00', '2026-11-21 08:15:00+00');

SELECT pg_catalog.setval('proctor.results_seq_seq', 1, true);

ALTER TABLE ONLY proctor.agent_versions
    ADD CONSTRAINT agent_versions_pkey PRIMARY KEY (repo_id, slug, tag);

ALTER TABLE ONLY proctor.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (repo_id, slug);

ALTER TABLE ONLY proctor.baselines
    ADD CONSTRAINT baselines_pkey PRIMARY KEY (repo_id, agent, eval, sample_id);

ALTER TABLE ONLY proctor.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (evaluation_id, agent, eval, proposed);

ALTER TABLE ONLY proctor.blob_uses
    ADD CONSTRAINT blob_uses_pkey PRIMARY KEY (digest, evaluation_id);

ALTER TABLE ONLY proctor.check_runs
    ADD CONSTRAINT check_runs_pkey PRIMARY KEY (evaluation_id, name);

ALTER TABLE ONLY proctor.chunks
    ADD CONSTRAINT chunks_pkey PRIMARY KEY (evaluation_id, index);

ALTER TABLE ONLY proctor.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (job_id, fence);

ALTER TABLE ONLY proctor.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (organisation, name);

ALTER TABLE ONLY proctor.deliveries
    ADD CONSTRAINT deliveries_event_body_digest_key UNIQUE (event, body_digest);

ALTER TABLE ONLY proctor.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.evaluations
    ADD CONSTRAINT evaluations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.evaluations
    ADD CONSTRAINT evaluations_repo_id_dedupe_key UNIQUE (repo_id, dedupe);

ALTER TABLE ONLY proctor.expected_artifacts
    ADD CONSTRAINT expected_artifacts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.expected_artifacts
    ADD CONSTRAINT expected_artifacts_repo_id_key_key UNIQUE (repo_id, key);

ALTER TABLE ONLY proctor.feedback
    ADD CONSTRAINT feedback_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.feedback
    ADD CONSTRAINT feedback_repo_id_key_key UNIQUE (repo_id, key);

ALTER TABLE ONLY proctor.installations
    ADD CONSTRAINT installations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.master_keys
    ADD CONSTRAINT master_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.migrations_lock
    ADD CONSTRAINT migrations_lock_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY proctor.outbox
    ADD CONSTRAINT outbox_key_key UNIQUE (key);

ALTER TABLE ONLY proctor.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.quarantined
    ADD CONSTRAINT quarantined_pkey PRIMARY KEY (repo_id, agent, eval, sample_id);

ALTER TABLE ONLY proctor.repos
    ADD CONSTRAINT repos_pkey PRIMARY KEY (id);

ALTER TABLE ONLY proctor.results
    ADD CONSTRAINT results_pkey PRIMARY KEY (evaluation_id, run_id);

ALTER TABLE ONLY proctor.samples
    ADD CONSTRAINT samples_pkey PRIMARY KEY (evaluation_id, agent, eval, sample_id);

ALTER TABLE ONLY proctor.scores
    ADD CONSTRAINT scores_pkey PRIMARY KEY (evaluation_id, run_id, name);

ALTER TABLE ONLY proctor.tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (repo_id, name);

ALTER TABLE ONLY proctor.verdicts
    ADD CONSTRAINT verdicts_pkey PRIMARY KEY (evaluation_id);

ALTER TABLE ONLY proctor.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);

CREATE INDEX blob_uses_evaluation ON proctor.blob_uses USING btree (evaluation_id);

CREATE INDEX check_runs_github ON proctor.check_runs USING btree (github_id);

CREATE INDEX check_runs_open ON proctor.check_runs USING btree (updated_at) WHERE (status <> 'completed'::text);

CREATE INDEX claims_organisation ON proctor.claims USING btree (organisation, claimed_at);

CREATE INDEX deliveries_open ON proctor.deliveries USING btree (received_at) WHERE (state = 'received'::text);

CREATE INDEX deliveries_received ON proctor.deliveries USING btree (received_at);

CREATE INDEX evaluations_commit ON proctor.evaluations USING btree (repo_id, head_sha);

CREATE INDEX evaluations_created ON proctor.evaluations USING btree (created_at);

CREATE INDEX evaluations_live ON proctor.evaluations USING btree (created_at) WHERE (state <> ALL (ARRAY['done'::text, 'cancelled'::text, 'failed'::text]));

CREATE INDEX evaluations_superseded ON proctor.evaluations USING btree (repo_id, supersedes);

CREATE INDEX expected_digest ON proctor.expected_artifacts USING btree (digest);

CREATE INDEX expected_sample ON proctor.expected_artifacts USING btree (repo_id, agent, eval, sample_id);

CREATE INDEX feedback_sample ON proctor.feedback USING btree (repo_id, agent, eval, sample_id);

CREATE INDEX outbox_due ON proctor.outbox USING btree (not_before) WHERE (state = 'due'::text);

CREATE INDEX outbox_evaluation ON proctor.outbox USING btree (evaluation_id);

CREATE INDEX repos_installation ON proctor.repos USING btree (installation_id);

CREATE INDEX results_run_key ON proctor.results USING btree (run_key);

CREATE INDEX results_sample ON proctor.results USING btree (agent, eval, sample_id);

ALTER TABLE ONLY proctor.batches
    ADD CONSTRAINT batches_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.blob_uses
    ADD CONSTRAINT blob_uses_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.check_runs
    ADD CONSTRAINT check_runs_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.chunks
    ADD CONSTRAINT chunks_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.claims
    ADD CONSTRAINT claims_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.credentials
    ADD CONSTRAINT credentials_key_id_fkey FOREIGN KEY (key_id) REFERENCES proctor.master_keys(id);

ALTER TABLE ONLY proctor.outbox
    ADD CONSTRAINT outbox_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.results
    ADD CONSTRAINT results_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.samples
    ADD CONSTRAINT samples_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.scores
    ADD CONSTRAINT scores_evaluation_id_run_id_fkey FOREIGN KEY (evaluation_id, run_id) REFERENCES proctor.results(evaluation_id, run_id) ON DELETE CASCADE;

ALTER TABLE ONLY proctor.verdicts
    ADD CONSTRAINT verdicts_evaluation_id_fkey FOREIGN KEY (evaluation_id) REFERENCES proctor.evaluations(id) ON DELETE CASCADE;

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
INSERT INTO proctor.migrations (name, "timestamp") VALUES ('004-proposed-batches', '2026-11-26T22:10:00.000Z');

CREATE TABLE proctor.image_builds (
    organisation text NOT NULL,
    job_id uuid NOT NULL,
    fence integer NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);

INSERT INTO proctor.image_builds (organisation, job_id, fence) VALUES ('acme', '77777777-7777-4777-8777-777777777777', 0);

ALTER TABLE ONLY proctor.image_builds
    ADD CONSTRAINT image_builds_pkey PRIMARY KEY (organisation);

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

INSERT INTO proctor.migrations (name, "timestamp") VALUES ('005-image-builds', '2026-11-26T22:50:00.000Z');
INSERT INTO proctor.migrations (name, "timestamp") VALUES ('006-missed-deliveries', '2026-11-26T23:20:00.000Z');

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
