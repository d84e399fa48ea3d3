/** Compresses to the snappy block format. */
export type Compress = (bytes: Buffer) => Uint8Array<ArrayBuffer>;

/**
 * The native encoder where its binary exists for this platform, the one in plain JavaScript (8 times slower) elsewhere.
 * Both are strict enough here: only decoding has to distrust its input.
 * @param loadNative rejects where no binary exists
 */
export async function loadCompress(loadNative = () => import('snappy')): Promise<Compress> {
  try {
    const { compressSync } = await loadNative();
    return (bytes) => compressSync(bytes) as Buffer<ArrayBuffer>;
  } catch {
    const { default: snappyjs } = await import('snappyjs');
    return (bytes) => snappyjs.compress(bytes);
  }
}
