import { ANY, type Preset, type PresetEntry, TWO_A_MINUTE } from '../../src/series/presets/preset.ts';
import { PRESETS } from '../../src/series/presets/presets.ts';

const INTRODUCTION = `# Presets

This page is made from \`src/series/presets\` (\`npx vitest run test/repo -u\` writes it anew); a test fails when it is out of date.

Series of exporters that are in wide use are known by name, without any configuration: which way is bad, how little is no news,
what is a counter though its name does not say so, what is not worth a score, and which few tell how the thing is. They are the
built-in rules of \`learn:\`. What has no preset is scored as everything else: both ways, from 5 % of its level on.

**Your own rules come before them.** The first rule of \`learn:\` that matches a series is taken as it stands, and the preset of
that series is out of the game, so repeat in it what you want to keep. This one has free space watched both ways:

\`\`\`yaml pronoia.yml
learn:
  - match: [node_filesystem_avail_bytes]
    direction: both
\`\`\`

and \`match: ['{__name__!=""}']\` at the end of your rules switches all presets off. \`/api/v1/series/explain\` says of a series by which
rule it is treated, and of which preset's golden series it is one.

- **Golden series** are those to look at first. They are counted in \`anomaly_rate{preset="…"}\`, one series for each target or
  workload by the labels below: the share of its golden series that are anomalous. So
  \`topk(10, anomaly_rate{preset!=""})\` is a list of what is unwell, whatever it is. Entries of \`groups:\` are put out besides.
- **up, down**: a change the other way is no anomaly: errors that end, space that is freed, answers that come sooner.
- **from … on**: a smaller deviation is none, in the unit of scoring (per second for counters); 5 % of the level hold besides.
  It is also the grain of a series that has never moved: thirty errors a second where there never was one are an anomaly
  at once, one a minute is not. _Anything_ means a single event, or a single replica.
- **left alone**: known to topology and forecasts, without a score, as with \`kind: unscored\` in a rule.
- Series named \`x:p95\` and \`x:mean\` are made of the histogram \`x\` ([detectors.md](detectors.md#histograms-and-summaries-srchistograms)).

What resources fill is forecast besides, by presets of its own: [forecasting.md](forecasting.md).
`;

/** docs/presets.md */
export function presetsPage(): string {
  return [INTRODUCTION, ...PRESETS.map(section)].join('\n');
}

function section({ name, seenIn, groupBy, entries }: Preset): string {
  const labels = groupBy.map((label) => `\`${label}\``).join(', ');
  const items = entries.map((entry) => `- ${entry.about} (${treatment(entry)}): ${entry.series.map(code).join(', ')}`);
  return `## ${name}

Golden series are counted by ${labels}, as far as they have these labels.
Names were looked up in: ${seenIn}.

${items.join('\n')}
`;
}

function code(selector: string): string {
  return `\`${selector}\``;
}

function treatment({ isGolden, direction, kind, atLeast, range, identityDrop = [] }: PresetEntry): string {
  if (kind === 'unscored') return 'left alone';
  const words = [
    isGolden && '**golden**',
    kind && `a ${kind}`,
    direction && `only ${direction}`,
    atLeast !== undefined && amount(atLeast),
    range && `within ${range.join(' and ')}`,
    identityDrop.length > 0 && `replicas by ${identityDrop.join(', ')}`,
  ].filter(Boolean);
  return words.length === 0 ? 'both ways' : words.join(', ');
}

function amount(atLeast: number): string {
  if (atLeast === ANY) return 'anything';
  return `from ${atLeast === TWO_A_MINUTE ? 'two a minute' : atLeast} on`;
}
