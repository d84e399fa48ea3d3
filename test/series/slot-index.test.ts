import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SlotIndex } from '../../src/series/slot-index.ts';

it('does what a Map does, also when hashes crowd into the same places', () => {
  // Few low halves, so that entries run into each other and deletions have to close gaps.
  const key = fc.tuple(fc.integer({ min: -8, max: 8 }), fc.integer({ min: 0, max: 6 }));
  const step = fc.tuple(fc.constantFrom('set', 'delete', 'get'), key, fc.integer({ min: 1, max: 100 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const index = new SlotIndex(16);
      const model = new Map<string, number>();
      for (const [action, [low, high], slot] of steps) {
        const name = `${low} ${high}`;
        if (action === 'set') {
          index.set(low, high, slot);
          model.set(name, slot);
        } else if (action === 'delete') {
          // Only the slot that is there is taken out.
          const there = model.get(name) ?? -1;
          index.delete(low, high, slot);
          if (there === slot) model.delete(name);
        }
        expect(index.get(low, high)).toBe(model.get(name) ?? -1);
      }
      for (const [name, slot] of model) {
        const [low, high] = name.split(' ').map(Number) as [number, number];
        expect(index.get(low, high)).toBe(slot);
      }
    }),
    { numRuns: 300, seed: 3 },
  );
});
