const TIMES: readonly (readonly [seconds: number, name: string])[] = [
  [31_536_000, ' years'],
  [604_800, ' weeks'],
  [86_400, ' days'],
  [3600, ' hours'],
  [60, ' mins'],
  [1, ' s'],
  [1e-3, ' ms'],
  [1e-6, ' µs'],
];

/** A number as Grafana writes it in a unit. @param unit `short`, `s`, `bytes` or `percentunit` */
export function written(value: number, unit: string): string {
  if (!Number.isFinite(value)) return String(value);
  switch (unit) {
    case 'percentunit':
      return `${digits(value * 100)}%`;
    case 'bytes':
      return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
    case 's': {
      if (value === 0) return '0 s';
      const [seconds, name] = TIMES.find(([least]) => Math.abs(value) >= least) ?? TIMES.at(-1)!;
      return `${digits(value / seconds)}${name}`;
    }
    case 'short':
      return scaled(value, 1000, ['', 'K', 'Mil', 'Bil', 'Tri']);
    default:
      throw new Error(`no unit ${unit}`);
  }
}

function scaled(value: number, base: number, names: readonly string[]): string {
  const power = value === 0 ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(base));
  const index = Math.min(names.length - 1, Math.max(0, power));
  return `${digits(value / base ** index)} ${names[index]}`.trim();
}

/** Three digits that say something. */
function digits(value: number): string {
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)));
}
