import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertOf, MINUTE, minute } from './alert-builders.ts';
import { PipelineBench } from './pipeline-bench.ts';

const DAY = 24 * 60;
const ann = { by: 'ann', comment: '' };
let bench: PipelineBench;
beforeEach(() => {
  bench = new PipelineBench('disk');
});
afterEach(() => bench.remove());

const named = (alertname: string, instance: string, times: { from: number; to?: number }, more = {}) =>
  alertOf({ alertname, instance, ...more }, times);
const openOnes = () => bench.store.incidents({ state: 'open', limit: 100 });
/** Members of each open incident, as `name instance`. */
const partition = () =>
  openOnes()
    .map(({ id }) =>
      bench.store
        .members(id)
        .map((member) => {
          if (member.kind !== 'alert') throw new Error('no alert');
          const { labels } = member.firing.alert;
          return `${labels.get('alertname')} ${labels.get('instance')}${labels.get('path') ?? ''}`;
        })
        .sort()
        .join(', '),
    )
    .sort();
/** The incident that an alert opened. */
const idOf = (name: string) => openOnes().find(({ lead }) => lead.startsWith(name))!.id;

/** Ann merges what Full opened into what Slow opened, and all is over. */
function merged(): void {
  bench.deliver(1, [named('Slow', 'a', { from: 0 })]);
  bench.deliver(2, [named('Full', 'b', { from: 1 })]);
  bench.pipeline.people.merge(idOf('Slow'), idOf('Full'), ann);
  bench.deliver(10, [named('Slow', 'a', { from: 0, to: 9 }), named('Full', 'b', { from: 1, to: 9 })]);
  bench.clock.advanceTo(minute(100));
}

/** Ann splits Full from what Slow opened on the same thing, and all is over. */
function parted(): void {
  bench.deliver(1, [named('Slow', 'a', { from: 0 }), named('Full', 'a', { from: 0 })]);
  bench.pipeline.people.split(openOnes()[0]!.id, only('Full', 'a'), ann);
  bench.deliver(10, [named('Slow', 'a', { from: 0, to: 9 }), named('Full', 'a', { from: 0, to: 9 })]);
  bench.clock.advanceTo(minute(100));
}

const only = (alertname: string, instance: string, more = {}) => ({
  fingerprints: [named(alertname, instance, { from: 0 }, more).fingerprint],
  entities: [],
});

describe('what people merged', () => {
  it.each([
    ['in one delivery', 100],
    ['one after the other', 103],
    ['the other way round', 97],
  ])('is one incident when it comes again elsewhere, %s', (_, from) => {
    merged();
    const slow = named('Slow', 'c', { from: 100 });
    const full = named('Full', 'd', { from });
    if (from === 100) bench.deliver(101, [slow, full, named('Other', 'e', { from: 100 })]);
    else if (from < 100) {
      bench.deliver(100, [full]);
      bench.deliver(101, [slow, named('Other', 'e', { from: 100 })]);
    } else {
      bench.deliver(101, [slow, named('Other', 'e', { from: 100 })]);
      bench.deliver(104, [full]);
    }
    expect(partition()).toEqual(['Full d, Slow c', 'Other e']);
    const reasons = openOnes().flatMap(({ id }) =>
      bench.store.members(id).flatMap((member) => member.reasons.filter(({ kind }) => kind === 'person')),
    );
    const [earlier] = from < 100 ? ['Full'] : ['Slow'];
    const text = `people said that it belongs to ${earlier}`;
    if (from !== 100) expect(reasons).toMatchObject([{ kind: 'person', text }]);
    expect(reasons[0]!.value).toBeCloseTo(1, 2);
    bench.killAndStart();
    bench.clock.advance(10 * MINUTE);
    expect(partition()).toEqual(['Full d, Slow c', 'Other e']);
  });

  it('stays apart when it begins far from it in time', () => {
    merged();
    bench.deliver(101, [named('Slow', 'c', { from: 100 })]);
    bench.deliver(118, [named('Full', 'd', { from: 117 })]);
    expect(partition()).toEqual(['Full d', 'Slow c']);
  });

  it('stays apart once the merge was taken back, and after half a year', () => {
    merged();
    const [resolved] = bench.store.incidents({ state: 'resolved', limit: 9 }).filter(({ alerts }) => alerts === 2);
    bench.pipeline.people.undo(resolved!.id, undefined, ann);
    bench.deliver(101, [named('Slow', 'c', { from: 100 }), named('Full', 'd', { from: 100 })]);
    expect(partition()).toEqual(['Full d', 'Slow c']);
  });

  it('counts for half after 90 days, and decides no longer', () => {
    merged();
    bench.clock.jumpTo(minute(100 * DAY));
    bench.killAndStart();
    bench.deliver(100 * DAY, [named('Slow', 'c', { from: 100 * DAY }), named('Full', 'd', { from: 100 * DAY })]);
    expect(partition()).toEqual(['Full d', 'Slow c']);
  });

  it('does not move what was there before it was said', () => {
    bench.deliver(1, [named('Slow', 'x', { from: 0 }), named('Full', 'y', { from: 0 })]);
    bench.deliver(2, [named('Slow', 'a', { from: 1 }), named('Full', 'b', { from: 1 })]);
    const [, second] = bench.store.incidents({ state: 'open', limit: 9 }).filter(({ lead }) => lead.startsWith('Full'));
    bench.pipeline.people.merge(idOf('Slow'), second!.id, ann);
    const before = partition();
    bench.deliver(5, [named('Other', 'z', { from: 4 })]);
    bench.clock.advance(5 * MINUTE);
    expect(partition()).toEqual([...before, 'Other z'].sort());
  });

  it.each([false, true])('takes in more of the same trouble while it lasts (killed in between: %s)', (isKilled) => {
    bench.deliver(1, [named('Slow', 'a', { from: 0 })]);
    bench.deliver(2, [named('Full', 'b', { from: 1 }, { path: '/1' })]);
    bench.pipeline.people.merge(idOf('Slow'), idOf('Full'), ann);
    if (isKilled) bench.killAndStart();
    bench.deliver(3, [named('Full', 'b', { from: 2 }, { path: '/2' })]);
    bench.clock.advance(10 * MINUTE);
    bench.deliver(14, [named('Full', 'b', { from: 13 }, { path: '/3' })]);
    if (isKilled) bench.killAndStart();
    bench.clock.advance(10 * MINUTE);
    expect(partition()).toEqual(['Full b/1, Full b/2, Full b/3, Slow a']);
    expect(bench.store.incidents({ state: 'all', limit: 9 }).filter(({ state }) => state === 'merged')).toHaveLength(1);
    const added = bench.store.members(openOnes()[0]!.id).at(-1);
    expect(added).toMatchObject({ pinned: true, reasons: [{ text: 'people put the same trouble there' }] });
  });
});

describe('what people split', () => {
  it('stays apart when it comes again on another thing, also over kill -9', () => {
    parted();
    bench.deliver(101, [named('Slow', 'c', { from: 100 }), named('Full', 'c', { from: 100 })]);
    expect(partition()).toEqual(['Full c', 'Slow c']);
    bench.killAndStart();
    bench.clock.advance(10 * MINUTE);
    expect(partition()).toEqual(['Full c', 'Slow c']);
  });

  it('is together again once the split was taken back', () => {
    parted();
    const [split] = bench.store
      .incidents({ state: 'resolved', limit: 9 })
      .filter(({ id }) => bench.store.timeline(id).some(({ kind }) => kind === 'split'));
    bench.pipeline.people.undo(split!.id, undefined, ann);
    bench.clock.advanceTo(minute(200));
    bench.deliver(201, [named('Slow', 'c', { from: 200 }), named('Full', 'c', { from: 200 })]);
    expect(partition()).toEqual(['Full c, Slow c']);
  });

  it.each([false, true])('takes in more of the same trouble while it lasts (killed in between: %s)', (isKilled) => {
    bench.deliver(1, [named('Slow', 'a', { from: 0 }), named('Full', 'a', { from: 0 }, { path: '/1' })]);
    bench.pipeline.people.split(openOnes()[0]!.id, only('Full', 'a', { path: '/1' }), ann);
    if (isKilled) bench.killAndStart();
    bench.deliver(3, [
      named('Full', 'a', { from: 2 }, { path: '/2' }),
      named('Slow', 'a', { from: 2 }, { path: '/2' }),
    ]);
    bench.clock.advance(10 * MINUTE);
    expect(partition()).toEqual(['Full a/1, Full a/2', 'Slow a, Slow a/2']);
  });

  it.each([false, true])(
    'is one alert of several of its kind: the others, and new ones, stay where they are (killed: %s)',
    (isKilled) => {
      const paths = (from: number, ...names: string[]) =>
        names.map((path) => named('Slow', 'a', { from }, { path: `/${path}` }));
      bench.deliver(1, paths(0, '1', '2', '3'));
      bench.pipeline.people.split(openOnes()[0]!.id, only('Slow', 'a', { path: '/1' }), ann);
      if (isKilled) bench.killAndStart();
      bench.deliver(3, paths(2, '4'));
      bench.deliver(4, [named('Slow', 'a', { from: 0, to: 3 }, { path: '/1' })]);
      bench.deliver(6, paths(5, '1'));
      bench.clock.advance(10 * MINUTE);
      expect(partition()).toEqual(['Slow a/1, Slow a/1', 'Slow a/2, Slow a/3, Slow a/4']);
    },
  );
});
