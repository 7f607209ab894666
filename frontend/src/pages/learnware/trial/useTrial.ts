/** A trial that stands in the address: asked for, followed until it is over, found again after loading anew. */
import { useMutation, useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";
import { useRoute, useRouter } from "vue-router";
import { api, body } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { TrialTable } from "./table";

const FIRST_PAUSE = 500;
const PAUSE = 1_500;
const SOON = 10;

/**
 * Return the trial and a way to ask for one.
 *
 * @param ofTexts - whether texts are sent, and no table.
 */
export function useTrial(learnwareId: string, ofTexts: Readonly<Ref<boolean>>) {
  const route = useRoute();
  const router = useRouter();
  const id = computed(() => {
    const given = route.query["trial"];
    return typeof given === "string" && /^[0-9a-f]{8,64}$/.test(given) ? given : null;
  });

  const trial = useQuery({
    queryKey: computed(() => ["trial", id.value]),
    queryFn: () =>
      body(api.GET("/api/v1/trials/{trial_id}", { params: { path: { trial_id: id.value ?? "" } } })),
    enabled: computed(() => id.value !== null),
    staleTime: Infinity,
    refetchInterval: ({ state }) => {
      const over = state.data?.status === "done" || state.data?.status === "failed";
      if (over || state.status === "error") return false;
      return state.dataUpdateCount < SOON ? FIRST_PAUSE : PAUSE;
    },
  });
  const ask = useMutation({
    mutationFn: ({ rows, columns }: TrialTable) =>
      body(
        api.POST("/api/v1/learnwares/{learnware_id}/trials", {
          params: { path: { learnware_id: learnwareId } },
          // Names tell the order of columns; a text has no columns.
          body: { rows, ...(columns && !ofTexts.value ? { columns } : {}) },
        }),
      ),
    onSuccess: ({ trial_id }) => show(trial_id),
  });

  function show(trialId: string | null): Promise<unknown> {
    const query = { tab: "try", ...(trialId === null ? {} : { trial: trialId }) };
    return router.replace({ query });
  }

  const over = computed(() => ["done", "failed"].includes(trial.data.value?.status ?? ""));
  return {
    id,
    trial: computed(() => (id.value === null ? null : (trial.data.value ?? null))),
    error: computed(() => (id.value === null ? null : trial.error.value)),
    /** The answer was deleted, as the dock does after an hour. */
    gone: computed(() => trial.error.value !== null && asProblem(trial.error.value).status === 404),
    running: computed(() => ask.isPending.value || (id.value !== null && !over.value && !trial.error.value)),
    refetch: trial.refetch,
    ask,
    forget: () => show(null),
  };
}
