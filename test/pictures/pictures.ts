import { diskPicture, forecastDisk } from './disk-picture.ts';
import { judgedRequests, scorePicture } from './score-picture.ts';
import { replayedStorm, stormPicture } from './storm-picture.ts';

/** The pictures of the README by their files, drawn anew from what production code says of simulated systems. */
export function pictures(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/pictures/score.svg', scorePicture(judgedRequests())],
    ['docs/pictures/storm.svg', stormPicture(replayedStorm())],
    ['docs/pictures/disk.svg', diskPicture(forecastDisk())],
  ]);
}
