import { ScoreReplay } from '../../../src/score-replay.ts';
import { AdaptiveRules, Lasting, RobustRules } from './promql-peers.ts';
import { Ewma, GlobalZ, HoltWinters, type Peer, RollingMad, RollingSigma } from './sigma-peers.ts';

/** The score after a sample; a value that is missing is NaN. */
type Score = (seconds: number, value: number) => number;

export interface Method {
  readonly name: string;
  /** Begins with a new series. */
  readonly start: (intervalSeconds: number) => Score;
}

/** What may lie between two samples without being forgotten, seconds. */
const LONGEST_GAP_SECONDS = 8 * 86_400;

export const METHODS: readonly Method[] = [
  { name: 'Pronoia', start: production },
  { name: 'global z-score', start: bySteps(() => new GlobalZ()) },
  { name: '3-sigma of a day', start: bySteps((interval) => new RollingSigma(interval)) },
  { name: 'MAD of a day', start: bySteps((interval) => new RollingMad(interval)) },
  { name: 'EWMA', start: bySteps(() => new Ewma()) },
  { name: 'Holt-Winters', start: bySteps((interval) => new HoltWinters(interval)) },
  { name: 'PromQL adaptive', start: bySteps((interval) => new AdaptiveRules(interval)) },
  { name: 'adaptive, `for: 5m`', start: bySteps((interval) => new Lasting(new AdaptiveRules(interval), interval)) },
  { name: 'PromQL robust', start: bySteps((interval) => new RobustRules(interval)) },
  { name: 'robust, `for: 5m`', start: bySteps((interval) => new Lasting(new RobustRules(interval), interval)) },
];

function production(): Score {
  const replay = new ScoreReplay('score');
  return (seconds, value) => replay.take(seconds * 1000, value);
}

/** Peers have a sense of time only by counting, so steps without a sample are told to them; what comes out of order is not. */
function bySteps(create: (intervalSeconds: number) => Peer): Method['start'] {
  return (intervalSeconds) => {
    const peer = create(intervalSeconds);
    const mostMissing = LONGEST_GAP_SECONDS / intervalSeconds;
    let lastStep = Number.NaN;
    let score = 0;
    return (seconds, value) => {
      const step = Math.round(seconds / intervalSeconds);
      if (step <= lastStep) return score;
      for (let missing = Math.min(mostMissing, step - lastStep - 1); missing > 0; missing--) peer.take(Number.NaN);
      lastStep = step;
      score = peer.take(value);
      return score;
    };
  };
}
