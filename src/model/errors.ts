/** Prometheus' own error types, plus those that its API lacks and ours needs. */
export type ErrorType =
  | 'bad_data'
  | 'not_found'
  | 'conflict'
  | 'unavailable'
  | 'internal'
  | 'unsupported'
  | 'unauthorized';

/** A request that can't be carried out; the text is shown to whoever sent it and says what to change. */
export class RequestError extends Error {
  readonly status: number;
  readonly errorType: ErrorType;
  constructor(status: number, errorType: ErrorType, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.errorType = errorType;
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What the API answers for anything that was thrown: the status and Prometheus' error body. */
export function errorAnswer(thrown: unknown): {
  status: number;
  body: { status: 'error'; errorType: ErrorType; error: string };
} {
  const { status, errorType } =
    thrown instanceof RequestError ? thrown : ({ status: 500, errorType: 'internal' } as const);
  return { status, body: { status: 'error', errorType, error: messageOf(thrown) } };
}
