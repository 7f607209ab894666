/** Lists of administration that come in pages. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
  total: number;
}

/**
 * A list in pages.
 *
 * @param key - what the list depends on; it begins anew when that changes.
 * @param fetchPage - asks for the page at a cursor.
 * @param interval - milliseconds after which it is asked for again, all the time.
 */
export function usePages<Item, Found extends Page<Item>>(
  key: MaybeRefOrGetter<readonly unknown[]>,
  fetchPage: (cursor: string | null) => Promise<Found & Page<Item>>,
  interval: number | false = false,
) {
  const list = useInfiniteQuery({
    queryKey: computed(() => ["admin", ...toValue(key)]),
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    // The list stays while the next one is fetched.
    placeholderData: keepPreviousData,
    refetchInterval: interval,
  });
  return {
    list,
    first: computed(() => list.data.value?.pages[0]),
    items: computed(() => list.data.value?.pages.flatMap((page) => page.items) ?? []),
    total: computed(() => list.data.value?.pages.at(-1)?.total ?? 0),
  };
}
