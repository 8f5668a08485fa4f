import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** A Chromium of this machine, or undefined. Tests of what a browser makes of our files need one. */
export const chromiumPath: string | undefined = [
  process.env.PROCTOR_TEST_BROWSER,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path))

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: chromiumPath ?? 'chromium', args: ['--no-sandbox'] })
