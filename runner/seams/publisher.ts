import type { Report } from '../domain/report.ts'

/** Shows a report somewhere. Idempotent; a lower revision than the one shown is dropped. */
export interface Publisher {
  publish(report: Report): Promise<void>
}
