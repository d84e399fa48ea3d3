// Cleans up after a test, however the test ends: it reads what to clean up from its standard input, and does so when
// that ends, which it does even when the test is killed. `+PID` is a process group to be killed, `-PID` one that has
// ended by itself, everything else a folder to be removed.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const groups = new Set<number>();
const folders: string[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) groups.add(pid);
  else if (line.startsWith('-')) groups.delete(pid);
  else folders.push(line);
}
for (const pid of groups) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
