export const workerLogins: readonly string[] = [
  `CREATE TABLE proctor.worker_logins (
    login text PRIMARY KEY,
    organisations text[],
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  // What the login of this session may work for: {*} for all, {} for none.
  `CREATE FUNCTION proctor.my_organisations() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT COALESCE((SELECT COALESCE(organisations, '{*}') FROM proctor.worker_logins WHERE login = session_user), '{}')
  $$`,
  `ALTER TABLE proctor.workers ADD COLUMN login text NOT NULL DEFAULT session_user`,
]
