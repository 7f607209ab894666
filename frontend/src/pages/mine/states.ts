/** The states by which one's learnwares are listed. */
import type { LocationQueryValue } from "vue-router";

export const FILTERS = ["all", "serving", "pending", "failed", "withdrawn"] as const;
export type Filter = (typeof FILTERS)[number];

/** Return the filter that the address names; all for everything else. */
export function filterOf(given: LocationQueryValue | LocationQueryValue[] | undefined): Filter {
  return FILTERS.find((one) => one === given) ?? "all";
}

/** Return what the list of learnwares is asked for. */
export function queryOf(filter: Filter) {
  switch (filter) {
    case "serving":
      return { verified: true, withdrawn: false };
    case "pending":
      return { status: ["WAITING", "QUEUE", "PROCESSING"] as ("WAITING" | "QUEUE" | "PROCESSING")[] };
    case "failed":
      return { status: ["FAIL"] as "FAIL"[] };
    case "withdrawn":
      return { withdrawn: true };
    case "all":
      return {};
  }
}
