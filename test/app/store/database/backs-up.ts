import { openStore } from '../../../../app/store/open.ts'

/** Makes one backup after the other, and says when each is begun, until somebody kills it. */
const [folder = ''] = process.argv.slice(2)
const store = await openStore({ folder })
if (!store.backups) throw new Error('no embedded database')
for (;;) {
  console.log('begun')
  await store.backups.keep()
}
