import { type LoadedConfig, loadConfigWithCalendars } from './calendars.ts';
import { readTls, type TlsSettings } from './certificates.ts';
import type { Flags } from './flag-table.ts';
import { ConfigError, loadFile } from './load.ts';
import type { Secret } from './secret.ts';
import { checkTopology, type TopologyFile, topologySchema } from './topology-schema.ts';
import { webConfigSchema } from './web-schema.ts';

/** A checked web configuration, with the certificates that it names. */
export interface WebConfig {
  /** Without it http is spoken. */
  readonly tls: TlsSettings | undefined;
  /** Headers of every answer. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bcrypt hashes by user; with none everybody is let in. */
  readonly users: ReadonlyMap<string, Secret>;
}

export interface LoadedFiles extends LoadedConfig {
  /** Undefined without `--web.config.file`. */
  readonly web: WebConfig | undefined;
  /** Undefined without `topology.file`. */
  readonly topology: TopologyFile | undefined;
}

/**
 * Reads and checks a web configuration file, and the certificates and keys that it names.
 * @throws ConfigError with all problems
 */
export function loadWebConfig(path: string): WebConfig {
  let tls: TlsSettings | undefined;
  const { httpServerConfig, basicAuthUsers } = loadFile(webConfigSchema, path, ({ tlsServerConfig }, locate) => {
    if (tlsServerConfig === undefined) return [];
    const { settings, findings } = readTls(tlsServerConfig, locate);
    tls = settings;
    return findings;
  });
  const headers = Object.entries(httpServerConfig.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { tls, headers, users: basicAuthUsers };
}

/**
 * Reads and checks all configuration files.
 * @param now milliseconds since the epoch
 * @throws ConfigError with the problems of all
 */
export function loadFiles(
  { configFile, webConfigFile }: Pick<Flags, 'configFile' | 'webConfigFile'>,
  now: number,
): LoadedFiles {
  const config = attempt(() => loadConfigWithCalendars(configFile, now));
  const web = attempt(() => (webConfigFile === undefined ? undefined : loadWebConfig(webConfigFile)));
  const topology = attempt(() => {
    const file = 'error' in config ? undefined : config.value.config.topology.file;
    return file === undefined ? undefined : loadFile(topologySchema, file, checkTopology);
  });
  if ('error' in config || 'error' in web || 'error' in topology) {
    const all = [config, web, topology];
    throw new ConfigError(all.flatMap((result) => ('error' in result ? result.error.problems : [])));
  }
  return { ...config.value, web: web.value, topology: topology.value };
}

/**
 * What a running server cannot take on of a new web configuration, as problems of the file: how a port begins to speak is
 * settled when it is opened.
 * @throws ConfigError
 */
export function refuseWhatNeedsRestart(path: string, old: WebConfig, next: WebConfig): void {
  const at = { file: path, line: 1, column: 1 };
  if ((old.tls === undefined) !== (next.tls === undefined)) {
    throw new ConfigError([{ ...at, message: 'tls_server_config: to switch TLS on or off needs a restart' }]);
  }
  if (old.tls?.clientAuthType !== next.tls?.clientAuthType) {
    throw new ConfigError([{ ...at, message: 'tls_server_config.client_auth_type: a change needs a restart' }]);
  }
}

function attempt<T>(load: () => T): { readonly value: T } | { readonly error: ConfigError } {
  try {
    return { value: load() };
  } catch (error) {
    if (error instanceof ConfigError) return { error };
    throw error;
  }
}
