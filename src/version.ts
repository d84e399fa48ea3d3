import { readFileSync } from 'node:fs';

/** The version of the package; sources and the built program lie one folder below its description alike. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
