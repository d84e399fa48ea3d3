export interface ParsedLine {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: string;
  readonly timestampMs: number | undefined;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (-?\d+))?$/s;
const PAIR = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** Reads text exposition format 0.0.4; throws at the first line that is not valid, and when a family is torn apart. */
export function parseExposition(text: string): { families: string[]; lines: ParsedLine[] } {
  const families: string[] = [];
  const lines: ParsedLine[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const family = /^# TYPE (\S+) gauge$/.exec(line)?.[1];
    if (family !== undefined) families.push(family);
    if (line.startsWith('# ')) continue;
    const parsed = parseLine(line);
    if (parsed.name !== families.at(-1)) throw new Error(`outside of its family: ${line}`);
    lines.push(parsed);
  }
  if (new Set(families).size < families.length) throw new Error(`a family occurs twice: ${families}`);
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line is not complete');
  return { families, lines };
}

function parseLine(line: string): ParsedLine {
  const [, name, pairs = '', value, timestamp] = LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
  const labels: [string, string][] = [];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < pairs.length) {
    const pair = PAIR.exec(pairs);
    if (pair === null) throw new Error(`not a label: ${line}`);
    labels.push([pair[1]!, pair[2]!.replace(/\\(.)/gs, (_, char) => (char === 'n' ? '\n' : char))]);
  }
  const timestampMs = timestamp === undefined ? undefined : Number(timestamp);
  return { name, labels: Object.fromEntries(labels), value, timestampMs };
}
