import type { Channels } from './channels.ts';

/** What a channel says of the value that was evaluated last. */
export interface Opinion {
  readonly channel: 'fast' | 'long' | 'range' | 'season' | 'peers';
  /** How far out the value lies, in standard deviations as the channel counts them. */
  readonly z: number;
  /** Minus the decimal logarithm of the share of steps that were as far out; 0 while too little is known. */
  readonly rarity: number;
  /** What is taken off the rarity when channels are compared. */
  readonly handicap: number;
}

/** What is taken off the rarity in channels that find something rare more often than the others. */
export const FAST_HANDICAP = 0.3;
export const SEASON_HANDICAP = 0.15;
export const PEERS_HANDICAP = 0.3;

/**
 * What the channels say of the value that was evaluated last; those that say nothing are left out.
 * @param z how far it is from where the series has just been, or was before the open anomaly
 */
export function opinionsOf(channels: Channels, z: number): Opinion[] {
  const { row, fastRanks, longRanks, rangeRanks, long, range, season, peers } = channels;
  const opinions: Opinion[] = [
    { channel: 'fast', z, rarity: fastRanks.rarity(row, z), handicap: FAST_HANDICAP },
    { channel: 'long', z: long.z, rarity: longRanks.rarity(row, long.z), handicap: 0 },
  ];
  if (range.isReady) {
    const rarity = rangeRanks.rarity(row, range.z);
    opinions.push({ channel: 'range', z: range.z, rarity, handicap: (1 - channels.novelty) * rarity });
  }
  if (season.isInUse) {
    const rarity = season.ranks.rarity(season.row, season.smoothedZ);
    opinions.push({ channel: 'season', z: season.z, rarity, handicap: SEASON_HANDICAP });
  }
  if (peers.isReady) {
    const rarity = peers.ranks.rarity(peers.row, peers.z);
    opinions.push({ channel: 'peers', z: peers.z, rarity, handicap: PEERS_HANDICAP });
  }
  return opinions;
}
