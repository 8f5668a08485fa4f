/** Whose a login is: accounts are renamed, and whoever comes takes the login that became free. */
export const accounts: readonly string[] = [
  `CREATE TABLE proctor.accounts (
    account_id bigint PRIMARY KEY,
    login text NOT NULL UNIQUE
  )`,
  `INSERT INTO proctor.accounts (account_id, login)
    SELECT DISTINCT ON (account_id) account_id, login FROM (
      SELECT DISTINCT ON (lower(account)) account_id, lower(account) AS login, created_at
      FROM proctor.installations WHERE account_id > 0 ORDER BY lower(account), created_at DESC
    ) AS newest ORDER BY account_id, created_at DESC`,
]
