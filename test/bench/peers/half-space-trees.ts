import { uniform } from '../../uniform.ts';

const TREES = 25;
const DEPTH = 10;
const NODES = 2 ** (DEPTH + 1) - 1;
/** A node with a smaller share of the window is not looked into. */
const LEAST_SHARE = 0.1;

interface Tree {
  /** Which value of a point a node looks at, and where it divides it. */
  readonly dimensions: Uint16Array;
  readonly splits: Float64Array;
  /** How many points of the window before, and of this one, came through a node. */
  reference: Uint32Array;
  latest: Uint32Array;
}

/** Half-space trees (Tan, Ting and Liu 2011): how few points of the last window lay where a point lies. */
export class HalfSpaceTrees {
  readonly #trees: readonly Tree[];
  readonly #window: number;
  #count = 0;

  /** @param window points, of values that are mostly between 0 and 1 */
  constructor(dimensions: number, window: number, seed: number) {
    const random = uniform(seed);
    this.#window = window;
    this.#trees = Array.from({ length: TREES }, () => grow(dimensions, random));
  }

  /** @returns from 0 to 1; 0 in the first window */
  take(point: Float64Array): number {
    let mass = 0;
    for (const tree of this.#trees) mass += this.#pass(tree, point);
    const isReady = this.#count >= this.#window;
    if (++this.#count % this.#window === 0) {
      for (const tree of this.#trees) {
        [tree.reference, tree.latest] = [tree.latest, tree.reference.fill(0)];
      }
    }
    return isReady ? 1 / (1 + mass / (TREES * this.#window)) : 0;
  }

  /** @returns points of the last window in the point's node, times how often space was halved on the way */
  #pass({ dimensions, splits, reference, latest }: Tree, point: Float64Array): number {
    let mass = Number.NaN;
    for (let node = 0, depth = 0; ; depth++) {
      latest[node]!++;
      const isEnd = depth === DEPTH || reference[node]! <= LEAST_SHARE * this.#window;
      if (isEnd && Number.isNaN(mass)) mass = reference[node]! * 2 ** depth;
      if (depth === DEPTH) return mass;
      node = 2 * node + (point[dimensions[node]!]! < splits[node]! ? 1 : 2);
    }
  }
}

function grow(dimensions: number, random: () => number): Tree {
  const tree = {
    dimensions: new Uint16Array(NODES),
    splits: new Float64Array(NODES),
    reference: new Uint32Array(NODES),
    latest: new Uint32Array(NODES),
  };
  const lowest = new Float64Array(dimensions);
  const highest = new Float64Array(dimensions);
  for (let each = 0; each < dimensions; each++) {
    const middle = random();
    const reach = 2 * Math.max(middle, 1 - middle);
    lowest[each] = middle - reach;
    highest[each] = middle + reach;
  }
  const divide = (node: number, depth: number): void => {
    if (depth === DEPTH) return;
    const dimension = Math.floor(random() * dimensions);
    const [low, high] = [lowest[dimension]!, highest[dimension]!];
    const split = (low + high) / 2;
    tree.dimensions[node] = dimension;
    tree.splits[node] = split;
    highest[dimension] = split;
    divide(2 * node + 1, depth + 1);
    highest[dimension] = high;
    lowest[dimension] = split;
    divide(2 * node + 2, depth + 1);
    lowest[dimension] = low;
  };
  divide(0, 0);
  return tree;
}
