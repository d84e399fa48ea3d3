import type { Dashboard } from './model.ts';

/** A series that a query gives. */
export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  /** Of a range: seconds since the epoch, and the value. */
  readonly values: readonly (readonly [seconds: number, value: number])[];
}

/** A stretch of time, seconds since the epoch. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** Asks a Prometheus as Grafana does, with the variables of a dashboard filled in. */
export class Datasource {
  readonly #url: string;
  readonly range: Range;

  constructor(url: string, range: Range) {
    this.#url = url;
    this.range = range;
  }

  /** @throws Error with what Prometheus says */
  async instant(expr: string): Promise<Result[]> {
    const results = await this.#get(`query?query=${encodeURIComponent(expr)}&time=${this.range.to}`);
    return results.map(({ metric, value }) => ({ metric, values: [[value[0], Number(value[1])]] }));
  }

  async over(expr: string): Promise<Result[]> {
    const { from, to, step } = this.range;
    const results = await this.#get(
      `query_range?query=${encodeURIComponent(expr)}&start=${from}&end=${to}&step=${step}`,
    );
    return results.map(({ metric, values }) => ({ metric, values: values.map(([at, value]) => [at, Number(value)]) }));
  }

  /** What the variables of a dashboard stand for when nobody has chosen anything. @param chosen what somebody did */
  async variables(
    { templating }: Dashboard,
    chosen: Readonly<Record<string, string>>,
  ): Promise<ReadonlyMap<string, { readonly text: string; readonly value: string }>> {
    const found = new Map<string, { readonly text: string; readonly value: string }>();
    for (const { type, name, query, allValue, current } of templating.list) {
      if (type === 'datasource') found.set(name, { text: 'Prometheus', value: '' });
      else if (chosen[name] !== undefined) found.set(name, { text: chosen[name], value: chosen[name] });
      else if (allValue !== undefined) found.set(name, { text: 'All', value: allValue });
      else if (current?.value !== undefined) found.set(name, current);
      else {
        const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(query)!;
        const [first] = (await this.instant(`group by (${label}) (${series})`)).map(({ metric }) => metric[label!]!);
        found.set(name, { text: first ?? '', value: first ?? '' });
      }
    }
    return found;
  }

  async #get(path: string): Promise<readonly Answered[]> {
    const answer = (await (await fetch(`${this.#url}/api/v1/${path}`)).json()) as {
      readonly data?: { readonly result: readonly Answered[] };
      readonly error?: string;
    };
    if (answer.data === undefined) throw new Error(`${path}: ${answer.error}`);
    return answer.data.result;
  }
}

/** A series as Prometheus writes it: a value, or all of them when a range was asked for. */
interface Answered {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

export function filledIn(text: string, variables: ReadonlyMap<string, { readonly value: string }>): string {
  return text.replace(/\$(\w+)/g, (whole, name: string) => variables.get(name)?.value ?? whole);
}

/** The name of a line, `{{label}}` filled in. */
export function legendOf(format: string | undefined, metric: Readonly<Record<string, string>>): string {
  const labels = Object.entries(metric).map(([label, text]) => `${label}="${text}"`);
  if (format === undefined) return `{${labels.join(', ')}}`;
  return format.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '').trim();
}
