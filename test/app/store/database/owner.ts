import { createInterface } from 'node:readline'
import { ownDatabase } from '../../../../app/store/database/owner-lock.ts'

/** Owns a folder until somebody kills it, and says so. */
const [folder = ''] = process.argv.slice(2)
try {
  await ownDatabase(folder)
  console.log('owning')
  createInterface({ input: process.stdin }).on('close', () => process.exit(0))
} catch (error) {
  console.log(error instanceof Error && 'code' in error ? `${error.code}: ${error.message}` : String(error))
  process.exit(1)
}
