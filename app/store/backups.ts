import { type Backup, backupsIn, keepBackup } from './database/backups.ts'

export type Backups = ReturnType<typeof backupsOf>

/** Backups of the embedded database, in `<folder>/backups`. `copy` makes one of its files. */
export const backupsOf = ({ folder, copy }: { readonly folder: string; readonly copy: (to: string) => Promise<void> }) => ({
  /** Makes one, and removes the oldest of too many. Throws `backup_failed`. */
  keep: (options: { readonly beforeUpgrade?: boolean; readonly signal?: AbortSignal } = {}): Promise<Backup> =>
    keepBackup({ folder, copy, ...options }),

  newest: async (): Promise<Backup | undefined> => (await backupsIn(folder))[0],
})
