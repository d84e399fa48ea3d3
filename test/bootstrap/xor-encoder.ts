/** An encoder of XOR chunks, written from the paper and Prometheus' description, on strings of 0 and 1: slow and plain. */
export function encodeXorChunk(samples: readonly (readonly [timestamp: number, value: number])[]): Uint8Array {
  let bits = binary(samples.length, 16);
  let previousDelta = 0n;
  let before = 0n;
  let window: { leading: number; trailing: number } | undefined;
  samples.forEach(([time, value], index) => {
    const now = doubleBits(value);
    if (index === 0) {
      bits += varint(zigzag(BigInt(time))) + now.toString(2).padStart(64, '0');
    } else {
      const delta = BigInt(time) - BigInt(samples[index - 1]![0]);
      bits += index === 1 ? varint(delta) : difference(delta - previousDelta);
      previousDelta = delta;
      const changed = now ^ before;
      if (changed === 0n) bits += '0';
      else {
        const text = changed.toString(2).padStart(64, '0');
        const leading = Math.min(31, text.indexOf('1'));
        const trailing = 63 - text.lastIndexOf('1');
        if (window !== undefined && leading >= window.leading && trailing >= window.trailing) {
          bits += `10${text.slice(window.leading, 64 - window.trailing)}`;
        } else {
          const length = 64 - leading - trailing;
          bits += `11${binary(leading, 5)}${binary(length % 64, 6)}${text.slice(leading, 64 - trailing)}`;
          window = { leading, trailing };
        }
      }
    }
    before = now;
  });
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  return Uint8Array.from(padded.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2));
}

function difference(value: bigint): string {
  if (value === 0n) return '0';
  for (const [prefix, size] of [
    ['10', 14],
    ['110', 17],
    ['1110', 20],
  ] as const) {
    const half = 2n ** BigInt(size - 1);
    if (value > -half && value <= half) return prefix + BigInt.asUintN(size, value).toString(2).padStart(size, '0');
  }
  return `1111${BigInt.asUintN(64, value).toString(2).padStart(64, '0')}`;
}

function varint(value: bigint): string {
  let bits = '';
  let left = value;
  for (; left >= 128n; left /= 128n) bits += binary(Number(left % 128n) + 128, 8);
  return bits + binary(Number(left), 8);
}

function zigzag(value: bigint): bigint {
  return value >= 0n ? value * 2n : -value * 2n - 1n;
}

function binary(value: number, size: number): string {
  return value.toString(2).padStart(size, '0');
}

function doubleBits(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}
