import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { BasicAuth } from '../../src/web/basic-auth.ts';

const HASH = `$2y$06$${'a'.repeat(53)}`;
const OTHER_HASH = `$2y$11$${'b'.repeat(53)}`;

/** Stands for bcrypt: `right` is the password of every hash, even of that of nobody. Checks end when they are told to. */
class FakeBcrypt {
  readonly asked: { password: string; hash: string }[] = [];
  #waiting: (() => void)[] = [];
  isPatient = false;

  readonly compare = (password: string, hash: string): Promise<boolean> => {
    this.asked.push({ password, hash });
    return new Promise((resolve) => {
      const answer = () => resolve(password === 'right');
      if (this.isPatient) this.#waiting.push(answer);
      else answer();
    });
  };

  finish(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}

function create(users: Record<string, string> = { alice: HASH }) {
  const bcrypt = new FakeBcrypt();
  const auth = new BasicAuth(bcrypt.compare);
  auth.configure(usersOf(users));
  return { bcrypt, auth };
}

function usersOf(users: Record<string, string>): ReadonlyMap<string, Secret> {
  return new Map(Object.entries(users).map(([name, hash]) => [name, new Secret(hash)]));
}

function header(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

describe('the result of a check', () => {
  it('is remembered: many requests cost one bcrypt, and are answered at once', async () => {
    const { auth, bcrypt } = create();
    expect(await auth.check(header('alice', 'right'))).toBe('accepted');
    for (let i = 0; i < 1000; i++) expect(auth.check(header('alice', 'right'))).toBe('accepted');
    expect(await auth.check(header('alice', 'wrong'))).toBe('refused');
    for (let i = 0; i < 1000; i++) expect(auth.check(header('alice', 'wrong'))).toBe('refused');
    expect(bcrypt.asked).toHaveLength(2);
  });

  it('is shared by requests that come while it is being found', async () => {
    const { auth, bcrypt } = create();
    bcrypt.isPatient = true;
    const verdicts = Array.from({ length: 200 }, () => auth.check(header('alice', 'right')));
    bcrypt.finish();
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['accepted']));
    expect(bcrypt.asked).toHaveLength(1);
  });

  it('holds for one hash only: a password that is changed back and forth is checked once each', async () => {
    const { auth, bcrypt } = create();
    await auth.check(header('alice', 'right'));
    auth.configure(usersOf({ alice: OTHER_HASH }));
    await auth.check(header('alice', 'right'));
    auth.configure(usersOf({ alice: HASH }));
    expect(auth.check(header('alice', 'right'))).toBe('accepted');
    expect(bcrypt.asked.map(({ hash }) => hash)).toEqual([HASH, OTHER_HASH]);
  });

  it('of a good password is not driven out by guesses', async () => {
    const { auth, bcrypt } = create();
    await auth.check(header('alice', 'right'));
    for (let i = 0; i < 3000; i++) await auth.check(header('alice', `guess ${i}`));
    expect(auth.check(header('alice', 'right'))).toBe('accepted');
    expect(auth.check(header('alice', 'guess 2999'))).toBe('refused');
    expect(auth.check(header('alice', 'guess 0'))).not.toBe('refused');
    expect(bcrypt.asked).toHaveLength(3002);
  });

  it('is not kept of more checks than can wait: the others are to come again', async () => {
    const { auth, bcrypt } = create();
    await auth.check(header('alice', 'right'));
    bcrypt.isPatient = true;
    const verdicts = Array.from({ length: 100 }, (_, i) => auth.check(header('alice', `guess ${i}`)));
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(36);
    expect(auth.check(header('alice', 'right'))).toBe('accepted');
    bcrypt.finish();
    await Promise.all(verdicts);
    expect(auth.check(header('alice', 'guess 99'))).not.toBe('busy');
  });
});

describe('a user who is not known', () => {
  it('is refused after as much work as others, also with a password that matches', async () => {
    const { auth, bcrypt } = create({ alice: HASH, bob: OTHER_HASH });
    expect(await auth.check(header('carol', 'right'))).toBe('refused');
    expect(bcrypt.asked).toEqual([{ password: 'right', hash: expect.stringMatching(/^\$2b\$11\$.{53}$/) }]);
    auth.configure(usersOf({ carol: HASH }));
    expect(await auth.check(header('carol', 'right'))).toBe('accepted');
    auth.configure(usersOf({ alice: HASH }));
    expect(await auth.check(header('carol', 'right'))).toBe('refused');
  });
});

describe('an Authorization header', () => {
  it.each([
    ['of a password with colons', header('alice', 'a:b:c'), 'a:b:c'],
    ['of an empty password', header('alice', ''), ''],
    ['of a password in other letters', header('alice', 'пароль'), 'пароль'],
    ['with its scheme in capitals', header('alice', 'x').replace('Basic', 'BASIC'), 'x'],
  ])('%s is read', async (_, authorization, password) => {
    const { auth, bcrypt } = create();
    await auth.check(authorization);
    expect(bcrypt.asked).toEqual([{ password, hash: HASH }]);
  });

  it('of any kind never lets anybody in without the password, and never throws', async () => {
    const { auth } = create();
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
      fc.string().map((password) => header('alice', password)),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (authorization) => {
        expect(await auth.check(authorization)).toBe('refused');
      }),
    );
    expect(await auth.check(undefined)).toBe('refused');
  });
});
