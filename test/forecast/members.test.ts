import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ROLES, type Role } from '../../src/forecast/capacity-rule.ts';
import { Members } from '../../src/forecast/members.ts';

const SLOTS = 6;
const OWNERS = 4;

const step = fc.record({
  does: fc.constantFrom('add', 'add', 'add', 'remove slot', 'remove all'),
  owner: fc.nat(OWNERS - 1),
  slot: fc.nat(SLOTS - 1),
  role: fc.constantFrom(...ROLES),
});

/** Who takes part in what, the simple way: in the order in which they came. */
type Known = { readonly owner: number; readonly slot: number; readonly role: Role };

it('members are those that were added and not removed, in the order in which they came, by owner and by slot', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const members = new Members<number>(SLOTS);
      const firsts = new Array<number>(OWNERS).fill(0);
      let known: Known[] = [];
      for (const { does, owner, slot, role } of steps) {
        if (does === 'add') {
          firsts[owner] = members.add(firsts[owner]!, owner, slot, role);
          known.push({ owner, slot, role });
        } else {
          const isAll = does === 'remove all';
          firsts[owner] = members.remove(firsts[owner]!, isAll ? undefined : slot);
          known = known.filter((each) => each.owner !== owner || (!isAll && each.slot !== slot));
        }
      }
      for (let owner = 0; owner < OWNERS; owner++) {
        const found = [...members.from(firsts[owner]!)].map((member) => ({
          owner: members.owners[member],
          slot: members.slots[member],
          role: members.role(member),
        }));
        expect(found).toEqual(known.filter((each) => each.owner === owner));
      }
      for (let slot = 0; slot < SLOTS; slot++) {
        const owners = new Set(known.filter((each) => each.slot === slot).map(({ owner }) => owner));
        expect(new Set(members.ownersOf(slot))).toEqual(owners);
      }
    }),
  );
});

it('members keep their values when there is room for more', () => {
  const members = new Members<string>(1);
  let first = 0;
  for (let i = 1; i <= 3000; i++) {
    first = members.add(first, 'owner', 0, 'used');
    members.values[i] = i;
  }
  expect([...members.from(first)].every((member) => members.values[member] === member)).toBe(true);
});
