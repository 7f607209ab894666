/** SHA-256 of a file, computed in a worker. */
import type { HashAnswer } from "./hash.worker";

/** The file cannot be read: it was moved, changed or deleted since it was chosen. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/**
 * Return the SHA-256 of a file in hexadecimal.
 *
 * @param onProgress - told how many bytes were read.
 * @throws UnreadableFile; the signal's reason if it is aborted.
 */
export function sha256Of(
  file: File,
  onProgress: (read: number) => void,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./hash.worker.ts", import.meta.url), { type: "module" });
    const end = (settle: () => void) => {
      worker.terminate();
      signal.removeEventListener("abort", abort);
      settle();
    };
    const abort = () => end(() => reject(signal.reason as Error));
    signal.addEventListener("abort", abort);
    worker.addEventListener("message", ({ data }: MessageEvent<HashAnswer>) => {
      if ("read" in data) onProgress(data.read);
      else if ("sha256" in data) end(() => resolve(data.sha256));
      else end(() => reject(new UnreadableFile(data.unreadable)));
    });
    worker.addEventListener("error", (event) => end(() => reject(new Error(event.message))));
    worker.postMessage(file);
    if (signal.aborted) abort();
  });
}
