import { expect, it } from 'vitest';
import { WriteRequestScanner } from '../../src/ingest/write-request.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { Columns } from '../../src/series/columns.ts';
import { Policies } from '../../src/series/policies.ts';
import { SeriesTable } from '../../src/series/series-table.ts';
import { Load } from './load.ts';

const SERIES = 20_000;
const ROUNDS = 30;
const START = Date.UTC(2026, 10, 22);

/**
 * What a request costs before it is scored, in copies of its decoded bytes, which lie in the cache: about 16. Both are measured in the same process and the
 * best of many rounds counts, so that a slow or busy machine makes no difference.
 */
it('decoding, scanning and recognising a request costs at most 32 copies of its bytes', () => {
  const load = new Load(SERIES);
  const kernel = createKernel({ input: 1 << 20, output: 1 << 20, spare: 1 << 20, scratch: 1 << 17 }, [1, 2]);
  const scanner = new WriteRequestScanner(kernel.output);
  const columns = new Columns(SERIES + 1);
  const table = new SeriesTable({ columns, policies: new Policies(), kernel });
  const copy = new Uint8Array(1 << 20);
  let kernelMs = Number.POSITIVE_INFINITY;
  let copyMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const bodies = [...load.requests(START + round * 15_000)].map(({ body }) => body);
    let working = 0;
    let copying = 0;
    for (const body of bodies) {
      const startedAt = performance.now();
      kernel.input.set(body);
      const length = kernel.decode(body.length) as number;
      scanner.scan(length);
      table.resolve(scanner.batch, START / 1000);
      const decodedAt = performance.now();
      copy.set(kernel.output.subarray(0, length));
      working += decodedAt - startedAt;
      copying += performance.now() - decodedAt;
    }
    kernelMs = Math.min(kernelMs, working);
    copyMs = Math.min(copyMs, copying);
  }
  expect(table.size).toBe(SERIES);
  expect(kernelMs / copyMs).toBeLessThan(32);
});
