// npm run build:kernel: compiles src/kernel/kernel.asm.ts and writes the result into kernel-wasm.ts beside it. A test
// compares the two.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const KERNEL = new URL('../../src/kernel/', import.meta.url);

/** The compiled kernel, in base64. */
export async function compileKernel(): Promise<string> {
  const source = fileURLToPath(new URL('kernel.asm.ts', KERNEL));
  const options = ['--optimizeLevel', '3', '--runtime', 'stub', '--noAssert', '--importMemory'];
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main([source, '--outFile', 'kernel.wasm', ...options], {
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents as Uint8Array<ArrayBuffer>;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return Buffer.from(binary).toString('base64');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = (await compileKernel()).match(/.{1,100}/g)!.map((line) => `  '${line}'`);
  const text = `/** kernel.asm.ts, compiled by \`npm run build:kernel\`. */\nexport const KERNEL_WASM =\n${lines.join(' +\n')};\n`;
  writeFileSync(new URL('kernel-wasm.ts', KERNEL), text);
}
