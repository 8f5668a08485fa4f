/** One row while a job of the organisation builds an image. */
export const imageBuilds: readonly string[] = [
  `CREATE TABLE proctor.image_builds (
    organisation text PRIMARY KEY,
    job_id uuid NOT NULL,
    fence integer NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
  )`,
]
