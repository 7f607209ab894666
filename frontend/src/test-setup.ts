/** Tests run without a dock: a request that no test answers is an error, not a wait. */
import { beforeEach, vi } from "vitest";

beforeEach(() => {
  vi.stubGlobal("fetch", (input: RequestInfo | URL) => {
    throw new Error(`a test asked for ${input instanceof Request ? input.url : String(input)}`);
  });
});
