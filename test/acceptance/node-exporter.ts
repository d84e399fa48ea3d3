import { answering, startChild, withFreePort } from './children.ts';
import { commandOf } from './peers.ts';

/** Starts node_exporter. @returns its address, host:port */
export function startNodeExporter(): Promise<string> {
  return withFreePort(async (port) => {
    const address = `127.0.0.1:${port}`;
    const child = startChild('node_exporter', commandOf('node_exporter'), [`--web.listen-address=${address}`]);
    await answering(child, `http://${address}/metrics`);
    return address;
  });
}
