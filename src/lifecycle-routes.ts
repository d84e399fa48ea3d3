import { Router } from 'express';
import { messageOf, RequestError } from './model/errors.ts';

export interface LifecycleOptions {
  readonly isEnabled: boolean;
  readonly isReady: () => boolean;
  /** Rejects with what is wrong with the configuration; then nothing has changed. */
  readonly reload: () => Promise<void>;
  readonly quit: () => void;
}

/** Prometheus' `/-/` paths: health for orchestrators, reload and quit for people who asked for them by flag. */
export function createLifecycleRoutes({ isEnabled, isReady, reload, quit }: LifecycleOptions): Router {
  const router = Router();
  router.get('/-/healthy', (_request, response) => {
    response.type('text/plain').send('Pronoia is healthy.\n');
  });
  router.get('/-/ready', (_request, response) => {
    if (isReady()) response.type('text/plain').send('Pronoia is ready.\n');
    else response.status(503).type('text/plain').send('Pronoia is not ready yet.\n');
  });
  for (const path of ['/-/reload', '/-/quit']) {
    router.get(path, (_request, response) => {
      response.set('Allow', 'POST, PUT');
      throw new RequestError(405, 'bad_data', `${path} wants POST or PUT`);
    });
    router.all(path, (_request, _response, next) => {
      if (isEnabled) return next();
      throw new RequestError(403, 'bad_data', 'lifecycle requests are off; start with --web.enable-lifecycle');
    });
  }
  router.all('/-/reload', async (_request, response) => {
    try {
      await reload();
    } catch (error) {
      throw new RequestError(500, 'bad_data', `the configuration was not reloaded: ${messageOf(error)}`);
    }
    response.type('text/plain').send('Reloaded.\n');
  });
  router.all('/-/quit', (_request, response) => {
    response.type('text/plain').send('Requesting termination... Goodbye!\n');
    quit();
  });
  return router;
}
