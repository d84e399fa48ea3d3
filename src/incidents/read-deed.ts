import { RequestError } from '../model/errors.ts';
import type { Deed, Feedback, Selection } from './deeds.ts';

const MAX_NAME_LENGTH = 200;
const MAX_COMMENT_LENGTH = 10_000;
const MAX_SELECTED = 10_000;
const ID = /^[0-9a-f]{16}$/;

/** Who does it, and why. @throws RequestError 400 */
export function readDeed(body: unknown): Deed {
  const { by, comment = '' } = fieldsOf(body);
  if (typeof by !== 'string' || by.trim() === '' || by.length > MAX_NAME_LENGTH) {
    throw badRequest('say who does it: send {"by": "name", "comment": "optional"} with Content-Type: application/json');
  }
  if (typeof comment !== 'string' || comment.length > MAX_COMMENT_LENGTH) {
    throw badRequest(`comment has to be a text of at most ${MAX_COMMENT_LENGTH} characters`);
  }
  return { by: by.trim(), comment };
}

/** The incident to merge with. @throws RequestError 400 */
export function readOther(body: unknown): string {
  const other = fieldsOf(body).with;
  if (typeof other !== 'string' || !ID.test(other)) {
    throw badRequest('say what to merge with: send {"by": "name", "with": "id of the other incident"}');
  }
  return other;
}

/** What to split off. @throws RequestError 400 */
export function readSelection(body: unknown): Selection {
  const { fingerprints = [], entities = [] } = fieldsOf(body);
  if (!isTexts(fingerprints) || !isTexts(entities) || fingerprints.length + entities.length === 0) {
    throw badRequest(
      'say what to split off: send {"by": "name", "fingerprints": ["..."], "entities": ["kind:namespace/name"]}, one of the two at least',
    );
  }
  return { fingerprints, entities };
}

/** Which event to take back, undefined for the last deed. @throws RequestError 400 */
export function readEventId(body: unknown): number | undefined {
  const { event } = fieldsOf(body);
  if (event === undefined) return undefined;
  if (!Number.isSafeInteger(event)) throw badRequest('event has to be the id of an entry of the timeline');
  return event as number;
}

/** @throws RequestError 400 */
export function readFeedback(body: unknown): Feedback {
  const { about = 'cause', verdict, entity } = fieldsOf(body);
  if (about !== 'cause' && about !== 'grouping') throw badRequest('about has to be "cause" or "grouping"');
  if (verdict !== 'right' && verdict !== 'wrong') throw badRequest('verdict has to be "right" or "wrong"');
  if (entity !== undefined && (typeof entity !== 'string' || entity.length > 1000)) {
    throw badRequest('entity has to be the true cause as kind:namespace/name');
  }
  return { about, verdict, entity };
}

/** For whoever wrote something that cannot be understood. */
export function badRequest(message: string): RequestError {
  return new RequestError(400, 'bad_data', message);
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return (body ?? {}) as Record<string, unknown>;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_SELECTED && value.every((each) => typeof each === 'string');
}
