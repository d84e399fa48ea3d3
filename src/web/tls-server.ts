import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { TlsSettings } from '../config/certificates.ts';

/** Makes a server that speaks https, and treats clients as `client_auth_type` says. */
export function createTlsServer(tls: TlsSettings, onRequest: RequestListener): Server {
  const { clientAuthType } = tls;
  const server = createServer(
    {
      ...secureContextOf(tls),
      requestCert: clientAuthType !== 'NoClientCert',
      // With true OpenSSL itself refuses clients without a certificate, which only one of the types wants.
      rejectUnauthorized: clientAuthType === 'RequireAndVerifyClientCert',
    },
    onRequest,
  );
  // First of all listeners: the others begin to read requests.
  server.prependListener('secureConnection', (socket) => {
    if (!isWelcome(socket, clientAuthType)) socket.destroy();
  });
  return server;
}

/** Certificates and versions for new connections; those that are open keep what they have. */
export function renewTls(server: Server, tls: TlsSettings): void {
  server.setSecureContext(secureContextOf(tls));
}

function secureContextOf({ cert, key, ca, minVersion, maxVersion }: TlsSettings): SecureContextOptions {
  return { cert, key, minVersion, maxVersion, ...(ca === undefined ? {} : { ca }) };
}

function isWelcome(socket: TLSSocket, clientAuthType: TlsSettings['clientAuthType']): boolean {
  const hasCertificate = socket.getPeerX509Certificate() !== undefined;
  if (clientAuthType === 'RequireAnyClientCert') return hasCertificate;
  if (clientAuthType === 'VerifyClientCertIfGiven') return !hasCertificate || socket.authorized;
  return true;
}
