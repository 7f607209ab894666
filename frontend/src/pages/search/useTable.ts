/** A file of the user on its way to a specification: looked at, columns chosen, computed. It stays in this browser. */
import { computed, onScopeDispose, ref, shallowRef } from "vue";
import { describeTable, inspectTable, type DescribeProgress } from "@/specification/compute";
import type { CsvDialect, CsvHead } from "@/specification/csv";
import { readSpecificationFile } from "@/specification/read";
import type { OwnSpecification } from "./requirement";
import { choicesOf, type Choice } from "@/learnware/columnChoice";

/** The table, and what can be done with it. `done` is called with the specification. */
export function useTable(done: (specification: OwnSpecification, choices: readonly Choice[]) => void) {
  const file = shallowRef<File | null>(null);
  const head = shallowRef<CsvHead | null>(null);
  const choices = ref<Choice[]>([]);
  const progress = shallowRef<DescribeProgress | null>(null);
  const busy = ref<"looking" | "computing" | null>(null);
  const error = shallowRef<unknown>(null);
  let control = new AbortController();
  onScopeDispose(() => {
    control.abort();
  });

  const chosen = computed(() => choices.value.filter((one) => one.chosen));

  /** Begin anew; what is going on is ended. */
  function reset(): void {
    control.abort();
    control = new AbortController();
    file.value = head.value = error.value = progress.value = busy.value = null;
    choices.value = [];
  }

  /** Do something that may be ended or fail. */
  async function attempt(
    kind: "looking" | "computing",
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    control.abort();
    control = new AbortController();
    const { signal } = control;
    busy.value = kind;
    error.value = null;
    try {
      await work(signal);
    } catch (thrown) {
      // Whoever ended it knows that it has ended.
      if (!signal.aborted) error.value = thrown;
    } finally {
      if (control.signal === signal) busy.value = progress.value = null;
    }
  }

  /** Take a file: a table, or a specification. */
  async function take(next: File): Promise<void> {
    reset();
    await attempt("looking", async (signal) => {
      if (/\.json$/i.test(next.name)) {
        const specification = await readOwn(next);
        signal.throwIfAborted();
        done(specification, []);
        return;
      }
      const found = await inspectTable(next, {}, { signal });
      file.value = next;
      head.value = found;
      choices.value = choicesOf(found);
    });
  }

  /** Look at the file again, written as the user says. */
  async function reread(known: Partial<CsvDialect>): Promise<void> {
    const looked = file.value;
    if (looked === null) return;
    await attempt("looking", async (signal) => {
      const found = await inspectTable(looked, known, { signal });
      head.value = found;
      choices.value = choicesOf(found);
    });
  }

  /** Compute the specification of the chosen columns. */
  async function compute(): Promise<void> {
    const [table, looked, columns] = [file.value, head.value, chosen.value];
    if (table === null || looked === null) return;
    await attempt("computing", async (signal) => {
      const { dialect } = looked;
      const specification = await describeTable(
        table,
        { dialect, columns },
        { signal, onProgress: (now) => (progress.value = now) },
      );
      const { type, ...states } = specification;
      done(
        {
          type,
          states: { type, ...states },
          name: table.name,
          table: { ...dialect, columns: columns.map(({ index }) => index) },
        },
        choices.value,
      );
    });
  }

  /** End what is going on. */
  function cancel(): void {
    control.abort();
    busy.value = progress.value = null;
  }

  return { file, head, choices, chosen, progress, busy, error, take, reread, compute, cancel, reset };
}

/** Read a file that is a specification already. Those of images and texts are sent as they are. */
async function readOwn(file: File): Promise<OwnSpecification> {
  const { specification, document } = await readSpecificationFile(file);
  const { type } = specification;
  const states = type === "RKMETableSpecification" ? { ...specification } : document;
  return { type, states, name: file.name, table: null };
}
