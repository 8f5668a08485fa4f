import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { initialised } from '../app/store/database/empty.ts'

/** Writes the files of a database without tables, as the first start of a build unpacks them, to the path that is given. */
const [file] = process.argv.slice(2)
if (!file) throw new Error('usage: node script/empty-database.ts FILE')
await pipeline((await initialised()).stream(), createGzip({ level: 9 }), createWriteStream(file))
