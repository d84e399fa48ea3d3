import { execFileSync } from 'node:child_process';
import { it } from 'vitest';

/** Tools that check what users copy: of Prometheus and systemd, and two from PyPI that bring the schemas of Kubernetes and Compose. */
type Tool = 'promtool' | 'amtool' | 'kubernetes-validate' | 'check-jsonschema' | 'systemd-analyze';

/** Runs `tests` as a test that needs a tool: skipped by name without it, or failed if REQUIRE_PEERS is 1. */
export function itWith(tool: Tool, title: string, test: () => void): void {
  if (isInstalled(tool) || process.env.REQUIRE_PEERS === '1') {
    it(title, test);
    return;
  }
  // The reporter only counts what is skipped.
  process.stderr.write(`skipped: ${tool} is not installed: ${title}\n`);
  it.skip(`skipped: ${tool} is not installed: ${title}`, test);
}

/** Runs a tool. @throws Error with what it said, when it finds a fault */
export function run(tool: Tool, ...args: string[]): string {
  return execFileSync(tool, args, { encoding: 'utf8', stdio: 'pipe' });
}

function isInstalled(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
