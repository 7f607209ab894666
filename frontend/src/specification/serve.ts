import { type CsvDialect, type CsvHead, inspectCsv, readCsv } from "./csv";
import { type ErrorValues, SpecificationError, type SpecificationErrorCode } from "./errors";
import { TableCollector } from "./sample";
import type { TableSpecification } from "./specification";
import { type ReductionOptions, type ReductionProgress, reduceTable } from "./table";

/** A column that a specification is made of. */
export interface ChosenColumn {
  /** Its position in the file, from 0 on. */
  readonly index: number;
  readonly name: string;
}

/** What a worker is asked. */
export type WorkerRequest =
  | { readonly kind: "inspect"; readonly file: Blob; readonly known: Partial<CsvDialect> }
  | {
      readonly kind: "describe";
      readonly file: Blob;
      readonly dialect: CsvDialect;
      readonly columns: readonly ChosenColumn[];
      readonly options: ReductionOptions;
    };

/** How far a worker is. */
export interface DescribeProgress {
  readonly stage: "reading" | ReductionProgress["stage"];
  /** Share of the whole that is done, from 0 to 1; it never falls. */
  readonly share: number;
}

/** What a worker answers; anything but progress is the last answer. */
export type WorkerAnswer =
  | { readonly kind: "progress"; readonly progress: DescribeProgress }
  | { readonly kind: "inspected"; readonly head: CsvHead }
  | { readonly kind: "described"; readonly specification: TableSpecification }
  | { readonly kind: "refused"; readonly code: SpecificationErrorCode; readonly values: ErrorValues }
  | { readonly kind: "failed"; readonly detail: string };

// Where in the whole each stage begins and ends.
const STAGES: Record<DescribeProgress["stage"], readonly [number, number]> = {
  reading: [0, 0.3],
  preparing: [0.3, 0.35],
  searching: [0.35, 0.85],
  measuring: [0.85, 1],
};
// Milliseconds between two messages: more of them are seen by nobody.
const MESSAGE_EVERY = 50;

/** Do what is asked, and answer; this never rejects. */
export async function answer(request: WorkerRequest, reply: (answer: WorkerAnswer) => void): Promise<void> {
  try {
    if (request.kind === "inspect") {
      reply({ kind: "inspected", head: await inspectCsv(request.file, request.known) });
    } else {
      reply({ kind: "described", specification: await described(request, reply) });
    }
  } catch (error) {
    if (error instanceof SpecificationError)
      reply({ kind: "refused", code: error.code, values: error.values });
    else reply({ kind: "failed", detail: error instanceof Error ? error.message : String(error) });
  }
}

async function described(
  { file, dialect, columns, options }: Extract<WorkerRequest, { kind: "describe" }>,
  reply: (answer: WorkerAnswer) => void,
): Promise<TableSpecification> {
  const show = shower(reply);
  const collector = new TableCollector(
    columns.map(({ name }) => name),
    options.seed,
  );
  await readCsv(file, dialect, new Map(columns.map(({ index, name }) => [index, name])), {
    onRows: (values) => collector.add(values),
    onBytes: (bytes) => show("reading", bytes / file.size),
  });
  const steps = reduceTable(collector.finish(), options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    show(step.value.stage, step.value.share);
  }
}

/** Tells how far the whole is, not too often, and never less than before. */
function shower(
  reply: (answer: WorkerAnswer) => void,
): (stage: DescribeProgress["stage"], share: number) => void {
  let shown = -1;
  let at = -Infinity;
  let before: DescribeProgress["stage"] | null = null;
  return (stage, part) => {
    const [begin, end] = STAGES[stage];
    const share = Math.max(shown, begin + (end - begin) * Math.min(1, part));
    const now = performance.now();
    if (stage === before && now - at < MESSAGE_EVERY) return;
    shown = share;
    at = now;
    before = stage;
    reply({ kind: "progress", progress: { stage, share } });
  };
}
