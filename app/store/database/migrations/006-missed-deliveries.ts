/** What GitHub's own list of deliveries has and we have not, how far that list was read, and what an installation gives. */
export const missedDeliveries: readonly string[] = [
  `CREATE TABLE proctor.missed_deliveries (
    id text PRIMARY KEY,
    github_id bigint NOT NULL,
    delivered_at timestamptz NOT NULL,
    most int NOT NULL,
    asked int NOT NULL DEFAULT 0,
    ask_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE proctor.scans (
    name text PRIMARY KEY,
    until timestamptz NOT NULL
  )`,
  `ALTER TABLE proctor.installations ADD COLUMN permissions json`,
]
