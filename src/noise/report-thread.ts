import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { readHistory } from './history.ts';
import type { PlainGrouping } from './plain-alertmanager.ts';
import { type NoiseReport, noiseReport } from './report.ts';

/** What is to be measured, and where it is stored. */
interface ReportOrder {
  readonly role: 'noise report';
  readonly incidentsPath: string;
  readonly notificationsPath: string;
  readonly from: number;
  readonly to: number;
  readonly grouping: PlainGrouping;
}

/**
 * Makes a report on a thread of its own, which is this same file, with connections of its own: months of alerts take
 * seconds, for which neither samples nor alerts must wait. Rejects when the files can't be read.
 */
export function makeReport(order: Omit<ReportOrder, 'role'>, stopped: AbortSignal): Promise<NoiseReport> {
  return new Promise((resolve, reject) => {
    stopped.throwIfAborted();
    const workerData: ReportOrder = { ...order, role: 'noise report' };
    const worker = new Worker(new URL(import.meta.url), { workerData });
    const stop = () => void worker.terminate().then(() => reject(new Error('stopped')));
    stopped.addEventListener('abort', stop, { once: true });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => stopped.removeEventListener('abort', stop));
    worker.unref();
  });
}

const order = workerData as ReportOrder | undefined;
if (!isMainThread && order?.role === 'noise report') {
  const { incidentsPath, notificationsPath, from, to, grouping } = order;
  parentPort!.postMessage(noiseReport(readHistory(incidentsPath, notificationsPath, from, to), grouping));
}
