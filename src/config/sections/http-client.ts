import {
  dictionary,
  duration,
  filePath,
  group,
  optional,
  preset,
  required,
  secret,
  section,
  text,
} from '../schema-types.ts';

/** Headers that the protocol, HTTP itself or other keys set, in lower case, with what to write instead. */
const RESERVED_HEADERS: ReadonlyMap<string, string> = new Map([
  ['authorization', 'write basic_auth, bearer_token or bearer_token_file'],
  ...[
    'content-encoding',
    'content-type',
    'user-agent',
    'x-prometheus-remote-write-version',
    'connection',
    'content-length',
    'expect',
    'host',
    'keep-alive',
    'transfer-encoding',
    'upgrade',
  ].map((name) => [name, 'it is set by the protocol, leave it out'] as const),
]);

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[\x21-\x7e]+$/;

function refuseHeader(name: string): string | undefined {
  const instead = RESERVED_HEADERS.get(name.toLowerCase());
  if (instead !== undefined) return `the header ${name} cannot be given here: ${instead}`;
  return HEADER_NAME.test(name) ? undefined : 'expected a header name such as X-Scope-OrgID';
}

const basicAuth = section(
  {
    username: required(
      text('a user name without ":"', (name) => !name.includes(':')),
      'User of HTTP basic authentication.',
    ),
    password: optional(
      secret('a password', (password) => password !== ''),
      'The password; better kept in a file of its own.',
    ),
    password_file: optional(filePath, 'File that holds the password. It is read at every request.'),
  },
  { exactlyOne: [['password', 'password_file']] },
);

/** Keys of whatever is asked or sent to by HTTP. */
export const headers = group(
  dictionary(
    secret('a header value on one line, in Latin-1', (value) => HEADER_VALUE.test(value)),
    refuseHeader,
  ),
  'Further headers of each request. Those of the protocol cannot be replaced.',
);
export const credentials = {
  basic_auth: optional(basicAuth, 'User and password of HTTP basic authentication.'),
  bearer_token: optional(
    secret('a token without blanks and line breaks', (token) => TOKEN.test(token)),
    'Token of the Authorization header; better kept in a file of its own.',
  ),
  bearer_token_file: optional(filePath, 'File that holds the token. It is read at every request.'),
};
export const oneCredential = { atMostOne: [['basic_auth', 'bearer_token', 'bearer_token_file']] };

export const timeout = preset(duration('1ms', '1h'), '10s', 'How long one request may take.');
