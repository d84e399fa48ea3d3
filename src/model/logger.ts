export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'logfmt' | 'json';
/** Values of a log line. Errors are reduced to their message; undefined fields are left out. */
type LogFields = Readonly<Record<string, string | number | boolean | Error | undefined>>;

/** One line per change of state, never per sample. Secrets are never handed to it. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
export const LOG_FORMATS: readonly LogFormat[] = ['logfmt', 'json'];

/**
 * Makes a logger that writes `ts=… level=… msg=… key=value` (or the same as JSON), a line at a time.
 * @param write receives a whole line with its line feed
 */
export function createLogger(
  options: { level: LogLevel; format: LogFormat; now: () => number },
  write: (line: string) => void,
): Logger {
  const lowest = LOG_LEVELS.indexOf(options.level);
  const render =
    options.format === 'json' ? (entries: [string, unknown][]) => JSON.stringify(Object.fromEntries(entries)) : logfmt;
  const log =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(level) < lowest) return;
      const entries: [string, unknown][] = [
        ['ts', new Date(options.now()).toISOString()],
        ['level', level],
        ['msg', message],
      ];
      for (const [key, value] of Object.entries(fields)) {
        if (value !== undefined) entries.push([key, value instanceof Error ? value.message : value]);
      }
      write(`${render(entries)}\n`);
    };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

function logfmt(entries: [string, unknown][]): string {
  return entries.map(([key, value]) => `${key}=${logfmtValue(String(value))}`).join(' ');
}

function logfmtValue(text: string): string {
  return /^[^\s"=\\\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text);
}
