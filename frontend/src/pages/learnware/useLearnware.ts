/** The learnware of a page: asked for again as long as its newest version is undecided, for those who wait for that. */
import { useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";
import { api, body, type Schema } from "@/api/client";
import { useSession } from "@/api/session";

export type Learnware = Schema<"DetailOut">;

const WAITING_PAUSE = 4_000;
const UNDECIDED: readonly string[] = ["WAITING", "QUEUE", "PROCESSING"];

/** Whether a version is neither verified nor refused yet. */
export function isUndecided(status: string): boolean {
  return UNDECIDED.includes(status);
}

/** Return the learnware, and whether whoever looks at it may change it. */
export function useLearnware(id: Ref<string>) {
  const { account, administers } = useSession();
  const query = useQuery({
    queryKey: computed(() => ["learnware", id.value]),
    queryFn: () =>
      body(api.GET("/api/v1/learnwares/{learnware_id}", { params: { path: { learnware_id: id.value } } })),
    refetchInterval: ({ state }) =>
      state.data && isUndecided(state.data.status) && state.status === "success" ? WAITING_PAUSE : false,
  });
  const manages = computed(
    () => query.data.value !== undefined && (query.data.value.mine || administers.value),
  );
  return { ...query, account, manages };
}
