/** How queries behave: which errors are tried again, and how long an answer counts as fresh. */
import { QueryClient } from "@tanstack/vue-query";
import { asProblem } from "./problem";

const MOST_TRIES = 3;

/**
 * Return the keeper of answers.
 *
 * It asks also where the browser takes itself to be offline: the dock may be on the same machine. And what somebody
 * wants done is done now or told not to be, and not at some later time.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        networkMode: "always",
        // A dock that restarts is back in seconds; what it refuses it will refuse again.
        retry: (count, error) => {
          const { status } = asProblem(error);
          return count < MOST_TRIES && (status === 0 || status >= 502);
        },
        retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
      },
      mutations: { networkMode: "always" },
    },
  });
}
