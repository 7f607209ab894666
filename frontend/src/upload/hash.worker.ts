/** Computes the SHA-256 of a file away from the page, which stays quick. */
import { hashOf } from "./hashing";

/** What the worker answers. */
export type HashAnswer = { read: number } | { sha256: string } | { unreadable: string };

self.addEventListener("message", (event: MessageEvent<File>) => {
  const answer = (words: HashAnswer) => self.postMessage(words);
  hashOf(event.data, (read) => answer({ read })).then(
    (sha256) => answer({ sha256 }),
    (error: unknown) => answer({ unreadable: error instanceof Error ? error.message : String(error) }),
  );
});
