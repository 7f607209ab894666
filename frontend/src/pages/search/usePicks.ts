/** The learnwares that are picked, by their ids: from the lists on the page, else asked for when they are wanted. */
import { useQueries } from "@tanstack/vue-query";
import { computed, shallowReactive, type Ref } from "vue";
import { api, body } from "@/api/client";
import type { Found } from "./results";

type Learnware = Found["learnware"];

/** Return those that are known, in the order in which they were picked; the rest follows once `wanted`. */
export function usePicks(
  ids: Readonly<Ref<readonly string[]>>,
  listed: Readonly<Ref<readonly Found[]>>,
  wanted: Readonly<Ref<boolean>>,
) {
  // What was picked in a list stays known when the list is another one.
  const seen = shallowReactive(new Map<string, Learnware>());
  const known = computed(() => {
    const all = new Map(seen);
    for (const { learnware } of listed.value) all.set(learnware.learnware_id, learnware);
    return all;
  });
  const others = useQueries({
    queries: computed(() =>
      ids.value
        .filter((id) => wanted.value && !known.value.has(id))
        .map((learnware_id) => ({
          queryKey: ["learnware", learnware_id],
          queryFn: () =>
            body(api.GET("/api/v1/learnwares/{learnware_id}", { params: { path: { learnware_id } } })),
        })),
    ),
  });
  const learnwares = computed(() => {
    const all = new Map<string, Learnware>(known.value);
    for (const { data } of others.value) if (data) all.set(data.learnware_id, data);
    return ids.value.flatMap((id) => all.get(id) ?? []);
  });
  const remember = (learnware: Learnware): void => {
    seen.set(learnware.learnware_id, learnware);
  };
  return { learnwares, remember };
}
