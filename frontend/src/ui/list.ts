/** Lists that come from the dock. */
import type { Ref } from "vue";

/** What a list's frame uses of a query; one in pages has the last three. */
export interface ListQuery {
  isPending: Readonly<Ref<boolean>>;
  /** Whether the rows are still those of the list before. */
  isPlaceholderData: Readonly<Ref<boolean>>;
  error: Readonly<Ref<unknown>>;
  refetch: () => unknown;
  hasNextPage?: Readonly<Ref<boolean>>;
  isFetchingNextPage?: Readonly<Ref<boolean>>;
  fetchNextPage?: () => unknown;
}
