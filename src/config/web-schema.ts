import {
  choice,
  dictionary,
  filePath,
  group,
  optional,
  preset,
  required,
  secret,
  section,
  text,
  type ValueOf,
} from './schema-types.ts';

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;
/** A cost of 15 takes seconds of CPU time for each check, and every step doubles it. */
const BCRYPT_HASH = /^\$2[aby]\$(?:0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$/;

const headerValue = text('a header value on one line, in Latin-1', (value) => HEADER_VALUE.test(value));

function refuseUser(name: string): string | undefined {
  return /[:\p{Cc}]/u.test(name) ? 'expected a user name on one line, without ":"' : undefined;
}

const tlsServerConfig = section({
  cert_file: required(filePath, 'Certificate of the server in PEM, followed by those of intermediate authorities.'),
  key_file: required(filePath, 'Private key of the certificate in PEM, without a passphrase.'),
  client_auth_type: preset(
    choice(
      'NoClientCert',
      'RequestClientCert',
      'RequireAnyClientCert',
      'VerifyClientCertIfGiven',
      'RequireAndVerifyClientCert',
    ),
    'NoClientCert',
    'Whether clients are asked for a certificate. RequireAndVerifyClientCert alone keeps strangers out.',
  ),
  client_ca_file: optional(filePath, 'Certificates in PEM of those who sign the certificates of clients.'),
  min_version: preset(choice('TLS12', 'TLS13'), 'TLS12', 'Oldest version of TLS that is spoken.'),
  max_version: preset(choice('TLS12', 'TLS13'), 'TLS13', 'Newest version of TLS that is spoken.'),
});

const headers = section({
  'Strict-Transport-Security': optional(headerValue, 'Tells browsers to use https only, from now on.'),
  'Content-Security-Policy': optional(headerValue, 'The page for people has a policy of its own, which goes first.'),
  'X-Frame-Options': optional(
    text('deny or sameorigin', (value) => /^(?:deny|sameorigin)$/i.test(value)),
    'Who may show a page in a frame.',
  ),
  'X-Content-Type-Options': optional(
    text('nosniff', (value) => /^nosniff$/i.test(value)),
    'Tells browsers to believe the content type.',
  ),
  'X-XSS-Protection': optional(headerValue, 'For browsers of the past.'),
});

/** The file of `--web.config.file`: the part of Prometheus' web configuration (exporter-toolkit) that is supported. */
export const webConfigSchema = section({
  tls_server_config: optional(tlsServerConfig, 'Serves https instead of http.'),
  http_server_config: group(
    section({ headers: group(headers, 'Headers of every answer.') }),
    'How requests are answered.',
  ),
  basic_auth_users: group(
    dictionary(
      secret('a bcrypt hash with a cost from 04 to 15, such as htpasswd -nB prints behind the colon', (hash) =>
        BCRYPT_HASH.test(hash),
      ),
      refuseUser,
    ),
    'Users and bcrypt hashes of their passwords. Once there is one, every request needs a password.',
  ),
});

type TlsServerConfig = NonNullable<ValueOf<typeof webConfigSchema>['tlsServerConfig']>;

/** What `tls_server_config` may hold while it is being checked: what is wrong is missing. */
export type UncheckedTls = { readonly [K in keyof TlsServerConfig]?: TlsServerConfig[K] | undefined };

export type ClientAuthType = TlsServerConfig['clientAuthType'];
