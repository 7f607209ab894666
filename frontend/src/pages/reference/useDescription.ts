/** The description of the API, fetched from the dock once. */
import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { problemOf } from "@/api/problem";
import { groupsOf, matching, operationsOf, type Description } from "./openapi";

/** Where the dock tells it, also to programs. */
export const ADDRESS = "/api/v1/openapi.json";

/** Return the description, and its operations: all, and those that have the words of a text. */
export function useDescription(text: () => string = () => "") {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["openapi"],
    queryFn: async () => {
      const response = await fetch(ADDRESS);
      if (!response.ok) throw await problemOf(response);
      return (await response.json()) as Description;
    },
    staleTime: Infinity,
  });
  const operations = computed(() => (data.value ? operationsOf(data.value) : []));
  const found = computed(() => matching(operations.value, text()));
  const groups = computed(() => (data.value ? groupsOf(data.value, found.value) : []));
  return { description: data, operations, found, groups, error, isPending, refetch };
}
