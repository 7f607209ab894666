/** The learnwares that somebody has marked. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { computed } from "vue";
import { api, body } from "@/api/client";
import { useSession } from "@/api/session";

const KEY = ["favourites"];

/** Which learnwares are favourites of who is signed in, and marking them; shown at once, taken back if it fails. */
export function useFavourites() {
  const client = useQueryClient();
  const { account } = useSession();
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: async () => (await body(api.GET("/api/v1/favourites"))).learnware_ids,
    enabled: computed(() => account.value !== null),
    staleTime: 60_000,
  });
  const mark = useMutation({
    mutationFn: ({ id, wanted }: { id: string; wanted: boolean }) => {
      const params = { params: { path: { learnware_id: id } } };
      const path = "/api/v1/favourites/{learnware_id}";
      return wanted ? api.PUT(path, params) : api.DELETE(path, params);
    },
    onMutate: async ({ id, wanted }) => {
      await client.cancelQueries({ queryKey: KEY });
      const before = client.getQueryData<string[]>(KEY);
      client.setQueryData<string[]>(KEY, (ids = []) =>
        wanted ? [...ids, id] : ids.filter((one) => one !== id),
      );
      return before;
    },
    onError: (_error, _wish, before) => client.setQueryData(KEY, before),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: KEY }),
        client.invalidateQueries({ queryKey: ["learnwares", "favourite"] }),
      ]),
  });
  return { account, isFavourite: (id: string) => data.value?.includes(id) ?? false, mark };
}
