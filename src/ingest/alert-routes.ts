import { type Request, Router } from 'express';
import type { AlertDelivery } from '../model/alert.ts';
import type { Clock } from '../model/clock.ts';
import { errorAnswer, messageOf, RequestError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { parseAlertBody, readAlertBody } from './alert-body.ts';
import type { AlertReadingOptions } from './alert-fields.ts';
import { parseApiAlerts } from './alerts-api.ts';
import { parseWebhook } from './webhook.ts';

/** Requests that brought alerts and were refused, by reason; they only grow. */
export interface RefusedAlertRequests {
  bad_data: number;
  too_large: number;
  unsupported: number;
  unavailable: number;
}

interface AlertIntake {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asked at each request: a reload may change it. */
  readonly readingOptions: () => AlertReadingOptions;
  /**
   * Has stored the alerts durably when it resolves. What it throws is answered with 503, and the sender comes again.
   * @param body of a webhook, as it came: `readWebhook` reads it again
   */
  readonly deliver: (delivery: AlertDelivery, body?: Uint8Array) => Promise<void>;
  /** Told when a webhook's answer has left: what need not be done before it may be done now. */
  readonly onAnswered: () => void;
  readonly refused: RefusedAlertRequests;
}

/**
 * `POST /api/v1/alerts/webhook` (Alertmanager's webhook) and `POST /api/v2/alerts` (Prometheus' `alerting:` section). They
 * read the body themselves: no body parser may run before them.
 */
export function createAlertIntakeRoutes(intake: AlertIntake): Router {
  const router = Router();
  router.post('/api/v1/alerts/webhook', async (request, response) => {
    try {
      const body = await readAlertBody(request);
      const delivery = readWebhook(body, intake.clock.now(), intake.readingOptions());
      await deliver(intake, delivery, body);
      const { alerts, invalidAlerts } = delivery;
      response.once('close', intake.onAnswered);
      response.json({ status: 'success', data: { alerts: alerts.length, invalid: invalidAlerts } });
    } catch (error) {
      const answer = refuse(intake, request, error);
      response.status(answer.status).json(answer.body);
    }
  });
  router.post('/api/v2/alerts', async (request, response) => {
    try {
      const body = parseAlertBody(await readAlertBody(request));
      const { delivery, problems } = parseApiAlerts(body, intake.clock.now(), intake.readingOptions());
      await deliver(intake, delivery);
      if (problems.length > 0) throw new RequestError(400, 'bad_data', summary(delivery.alerts.length, problems));
      response.status(200).end();
    } catch (error) {
      const answer = refuse(intake, request, error);
      // Alertmanager's API answers with the bare sentence as JSON, and its clients show that.
      response.status(answer.status).json(answer.body.error);
    }
  });
  return router;
}

/** Reads the body of a webhook. @throws RequestError 400 */
export function readWebhook(body: Uint8Array, receivedAt: number, options: AlertReadingOptions): AlertDelivery {
  return parseWebhook(parseAlertBody(body), receivedAt, options);
}

async function deliver(intake: AlertIntake, delivery: AlertDelivery, body?: Uint8Array): Promise<void> {
  try {
    await intake.deliver(delivery, body);
  } catch (error) {
    throw new RequestError(503, 'unavailable', `the alerts could not be stored, send them again: ${messageOf(error)}`);
  }
}

function summary(taken: number, problems: readonly string[]): string {
  const shown = problems.slice(0, 5).join('; ');
  return `${problems.length} of ${taken + problems.length} alerts are invalid, the others were taken: ${shown}`;
}

const COUNTER_BY_STATUS = { 400: 'bad_data', 413: 'too_large', 415: 'unsupported' } as const;

function refuse(intake: AlertIntake, request: Request, error: unknown) {
  const answer = errorAnswer(error);
  intake.refused[COUNTER_BY_STATUS[answer.status as keyof typeof COUNTER_BY_STATUS] ?? 'unavailable']++;
  intake.logger.warn('alerts refused', { path: request.path, status: answer.status, error: answer.body.error });
  return answer;
}
