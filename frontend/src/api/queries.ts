/** How queries behave: which errors are tried again, and how long an answer counts as fresh. */
import { QueryClient } from "@tanstack/vue-query";
import { asProblem } from "./problem";

const MOST_TRIES = 3;

/** Return the keeper of answers. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        // A dock that restarts is back in seconds; what it refuses it will refuse again.
        retry: (count, error) => {
          const { status } = asProblem(error);
          return count < MOST_TRIES && (status === 0 || status >= 502);
        },
        retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
      },
    },
  });
}
