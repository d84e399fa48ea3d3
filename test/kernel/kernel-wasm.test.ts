import { expect, it } from 'vitest';
import { KERNEL_WASM } from '../../src/kernel/kernel-wasm.ts';
import { compileKernel } from './build-kernel.ts';

it('the compiled kernel is that of its source (npm run build:kernel makes it)', async () => {
  expect(KERNEL_WASM).toBe(await compileKernel());
});
