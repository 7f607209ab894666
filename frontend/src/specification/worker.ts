/** The worker in which tables are read and described: the page stays free, and the data stay in the browser. */
import { type WorkerRequest, answer } from "./serve";

self.addEventListener("message", ({ data }: MessageEvent<WorkerRequest>) => {
  void answer(data, (message) => self.postMessage(message));
});
