import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../model/errors.ts';
import { type Locate, MAX_FILE_BYTES, readBytes } from './load.ts';
import type { ClientAuthType, UncheckedTls } from './web-schema.ts';
import type { Finding } from './yaml-tree.ts';

/** What TLS needs, read and checked: it can be served with. The key is a secret. */
export interface TlsSettings {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Who signs the certificates of clients. */
  readonly ca: Buffer | undefined;
  readonly clientAuthType: ClientAuthType;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
}

type FileKey = 'cert_file' | 'key_file' | 'client_ca_file';

/** Reads the files that `tls_server_config` names. The settings are there only when nothing is wrong. */
export function readTls(
  tls: UncheckedTls,
  locate: Locate,
): { settings: TlsSettings | undefined; findings: readonly Finding[] } {
  const reading = new TlsReading(tls, locate);
  const settings = reading.read();
  return { settings: reading.findings.length === 0 ? settings : undefined, findings: reading.findings };
}

class TlsReading {
  readonly findings: Finding[] = [];
  readonly #tls: UncheckedTls;
  readonly #locate: Locate;

  constructor(tls: UncheckedTls, locate: Locate) {
    this.#tls = tls;
    this.#locate = locate;
  }

  read(): TlsSettings | undefined {
    this.#checkClientAuth();
    const { minVersion = 'TLS12', maxVersion = 'TLS13', clientAuthType = 'NoClientCert' } = this.#tls;
    if (minVersion > maxVersion) this.#report('max_version', 'is older than min_version: no client could connect');
    const cert = this.#pem('cert_file', this.#tls.certFile, readCertificates);
    const key = this.#pem('key_file', this.#tls.keyFile, readKey);
    const ca = this.#pem('client_ca_file', this.#tls.clientCaFile, readCertificates);
    if (cert === undefined || key === undefined || this.findings.length > 0) return undefined;
    if (!cert.parsed.checkPrivateKey(key.parsed)) {
      return this.#report('key_file', 'this private key does not belong to the first certificate in cert_file');
    }
    const settings: TlsSettings = {
      cert: cert.bytes,
      key: key.bytes,
      ca: ca?.bytes,
      clientAuthType,
      minVersion: versionOf(minVersion),
      maxVersion: versionOf(maxVersion),
    };
    return this.#isAccepted(settings) ? settings : undefined;
  }

  #report(key: string, sentence: string): undefined {
    const message = `tls_server_config.${key}: ${sentence}`;
    // What is reported was given: what is missing has been found before.
    this.findings.push({ ...this.#locate('tls_server_config', key)!, message });
  }

  /** Go would ask the machine's authorities where none is named: a certificate from any web shop would open the port. */
  #checkClientAuth(): void {
    const { clientAuthType } = this.#tls;
    const hasAuthorities = this.#locate('tls_server_config', 'client_ca_file') !== undefined;
    if (clientAuthType?.includes('Verify') && !hasAuthorities) {
      this.#report('client_auth_type', `${clientAuthType} needs client_ca_file: whose certificates are good?`);
    }
    if (clientAuthType === 'NoClientCert' && hasAuthorities) {
      this.#report(
        'client_ca_file',
        'needs a client_auth_type, such as RequireAndVerifyClientCert: no client is asked',
      );
    }
  }

  #pem<T>(key: FileKey, path: string | undefined, read: (pem: string) => T) {
    if (path === undefined) return undefined;
    try {
      const bytes = readBytes(path);
      if (bytes.length > MAX_FILE_BYTES)
        return this.#report(key, 'this file is larger than 1 MiB: is it the right one?');
      return { bytes, parsed: read(bytes.toString('latin1')) };
    } catch (error) {
      return this.#report(key, reasonOf(error));
    }
  }

  /** OpenSSL has rules of its own, such as for the length of keys. */
  #isAccepted(settings: TlsSettings): boolean {
    try {
      createSecureContext(settings as Omit<TlsSettings, 'ca'>);
      return true;
    } catch (error) {
      this.#report('cert_file', `this certificate cannot be served with: ${reasonOf(error)}`);
      return false;
    }
  }
}

function versionOf(name: 'TLS12' | 'TLS13'): 'TLSv1.2' | 'TLSv1.3' {
  return name === 'TLS12' ? 'TLSv1.2' : 'TLSv1.3';
}

/** @returns the first of them; @throws Error when there is none or one is broken */
function readCertificates(pem: string): X509Certificate {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) throw new Error('there is no certificate in this file: expected PEM');
  return blocks.map(readCertificate)[0]!;
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error('a certificate in this file is broken: copy it anew');
  }
}

function readKey(pem: string): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new Error('there is no private key in this file: expected PEM');
  }
  // Not left to OpenSSL, which may ask for the passphrase at the terminal.
  if (pem.includes('ENCRYPTED')) {
    throw new Error('the private key in this file has a passphrase: take it off, and protect the file instead');
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new Error('the private key in this file is broken: copy it anew', { cause: error });
  }
}

/** OpenSSL's own words without its numbers. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'reason' in error ? String(error.reason) : messageOf(error);
}
