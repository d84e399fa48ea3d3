/** Processor time of pieces of work, milliseconds: of the whole process, with its compiler and collector, and of the main thread. */
export class ProcessorTime {
  processMs = 0;
  mainThreadMs = 0;

  /** Adds what `work` takes. */
  add(work: () => void): void {
    this.#count(work, 1);
  }

  /** Leaves out what `work` takes inside of work that is added. */
  leaveOut(work: () => void): void {
    this.#count(work, -1);
  }

  #count(work: () => void, sign: 1 | -1): void {
    const [before, threadBefore] = [process.cpuUsage(), process.threadCpuUsage()];
    work();
    const [used, threadUsed] = [process.cpuUsage(before), process.threadCpuUsage(threadBefore)];
    this.processMs += (sign * (used.user + used.system)) / 1000;
    this.mainThreadMs += (sign * (threadUsed.user + threadUsed.system)) / 1000;
  }
}
