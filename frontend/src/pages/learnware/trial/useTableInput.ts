/** The table of a trial on its way from a file: looked at, columns chosen, read. */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";
import { inspectTable } from "@/specification/compute";
import type { CsvHead } from "@/specification/csv";
import { keepTable, keptTable } from "./keeping";
import { likelyColumns, MOST_BYTES, tableRows, type TrialTable } from "./table";

/** What the learnware takes. */
export interface Taken {
  width: number;
  most: number;
  described: ReadonlyMap<number, string>;
}

/** The table, and what can be done with it. */
export function useTableInput(learnwareId: string, taken: Ref<Taken | null>) {
  const table = shallowRef<TrialTable | null>(keptTable(learnwareId));
  const file = shallowRef<File | null>(null);
  const head = shallowRef<CsvHead | null>(null);
  const chosen = ref<number[]>([]);
  const looking = ref(false);
  const error = shallowRef<unknown>(null);
  let text = "";
  let control = new AbortController();
  onScopeDispose(() => {
    control.abort();
  });

  watch(table, (now) => {
    keepTable(learnwareId, now);
  });

  const missing = computed(() => (taken.value === null ? 0 : taken.value.width - chosen.value.length));

  /** Begin anew. */
  function reset(): void {
    control.abort();
    control = new AbortController();
    file.value = head.value = error.value = table.value = null;
    chosen.value = [];
    looking.value = false;
  }

  /** Look at a file, and read it where it is clear which columns are meant. */
  async function take(next: File, header?: boolean): Promise<void> {
    reset();
    const { signal } = control;
    looking.value = true;
    try {
      const found = await inspectTable(next, header === undefined ? {} : { header }, { signal });
      const bytes = await next.slice(0, MOST_BYTES).arrayBuffer();
      signal.throwIfAborted();
      text = new TextDecoder(found.dialect.encoding).decode(bytes);
      file.value = next;
      head.value = found;
      if (taken.value) choose(likelyColumns(found, taken.value.described, taken.value.width));
    } catch (thrown) {
      if (!signal.aborted) error.value = thrown;
    } finally {
      if (control.signal === signal) looking.value = false;
    }
  }

  /** Take these columns; the table is there when they are as many as the learnware takes. */
  function choose(places: readonly number[]): void {
    chosen.value = [...places];
    error.value = table.value = null;
    const [found, from, rules] = [head.value, file.value, taken.value];
    if (found === null || from === null || rules === null || places.length !== rules.width) return;
    const columns = places.flatMap((place) => found.columns[place] ?? []);
    try {
      const read = tableRows(text, found.dialect, columns, rules.most, from.size <= MOST_BYTES);
      const names = found.dialect.header ? columns.map(({ name }) => name) : null;
      table.value = { name: from.name, columns: names, ...read };
    } catch (thrown) {
      error.value = thrown;
    }
  }

  /** Take rows that are there already. */
  function use(ready: TrialTable): void {
    reset();
    table.value = ready;
  }

  return { table, file, head, chosen, missing, looking, error, take, choose, use, reset };
}
