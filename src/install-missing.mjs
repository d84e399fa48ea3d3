// Run by npm before every script, on whatever Node the machine has: installs the locked dependencies (the pinned
// Node 24 among them) when they are missing or when the lock file changed, and is silent and quick otherwise.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const stamp = new URL('node_modules/.installed', root);
const wanted = createHash('sha256')
  .update(readFileSync(new URL('package-lock.json', root)))
  .update(`${process.platform}-${process.arch}`)
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  process.stderr.write('pronoia: installing dependencies, this happens once\n');
  // Development dependencies are included on purpose: the runtime is one of them. Not `npm ci`: it refuses to work where
  // a registry lacks optional packages of other platforms. With --no-save the lock file is obeyed and left as it is.
  const npm = process.env.npm_execpath;
  const args = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, commandArgs] = npm ? [process.execPath, [npm, ...args]] : ['npm', args];
  const result = spawnSync(command, commandArgs, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    process.stderr.write('pronoia: npm install failed, see above; is the npm registry reachable?\n');
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
