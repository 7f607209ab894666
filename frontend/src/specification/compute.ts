import type { CsvDialect, CsvHead } from "./csv";
import { SpecificationError } from "./errors";
import type { ChosenColumn, DescribeProgress, WorkerAnswer, WorkerRequest } from "./serve";
import type { TableSpecification } from "./specification";
import type { ReductionOptions } from "./table";

export type { ChosenColumn, DescribeProgress } from "./serve";

/** What is used of a worker. */
export interface WorkerLike {
  postMessage(message: WorkerRequest): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<WorkerAnswer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/** How somebody waits for a worker. */
export interface Waiting {
  /** Ends the work at once; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DescribeProgress) => void) | undefined;
  /** Where the work is done; a worker of its own. */
  readonly start?: (() => WorkerLike) | undefined;
}

/**
 * Look at the beginning of a table in a file, in a worker: how it is written, and what its columns are.
 *
 * @param known - What the user says of the dialect; the rest is guessed.
 * @throws SpecificationError if it is no table.
 */
export async function inspectTable(
  file: Blob,
  known: Partial<CsvDialect> = {},
  waiting: Waiting = {},
): Promise<CsvHead> {
  const answer = await ask({ kind: "inspect", file, known }, waiting);
  if (answer.kind !== "inspected") throw unexpected(answer);
  return answer.head;
}

/** What a specification is made of. */
export interface DescribeRequest {
  readonly dialect: CsvDialect;
  /** The columns in the order that the specification has them. */
  readonly columns: readonly ChosenColumn[];
  readonly options?: ReductionOptions | undefined;
}

/**
 * Make the specification of a table in a file, in a worker. Nothing of the file leaves the browser.
 *
 * @throws SpecificationError if the table cannot be described; it names the line, and the column.
 */
export async function describeTable(
  file: Blob,
  { dialect, columns, options = {} }: DescribeRequest,
  waiting: Waiting = {},
): Promise<TableSpecification> {
  // What a page keeps may be proxies, which cannot be sent.
  const request: WorkerRequest = {
    kind: "describe",
    file,
    dialect: { ...dialect },
    columns: columns.map(({ index, name }) => ({ index, name })),
    options: { ...options },
  };
  const answer = await ask(request, waiting);
  if (answer.kind !== "described") throw unexpected(answer);
  return answer.specification;
}

/** Ask a worker of its own, which ends with its last answer. */
async function ask(
  request: WorkerRequest,
  { signal, onProgress, start = startWorker }: Waiting,
): Promise<WorkerAnswer> {
  signal?.throwIfAborted();
  const worker = start();
  let stop = (): void => undefined;
  try {
    return await new Promise<WorkerAnswer>((resolve, reject) => {
      stop = () => reject(signal?.reason as Error);
      signal?.addEventListener("abort", stop);
      worker.onmessage = ({ data }) => {
        if (data.kind === "progress") onProgress?.(data.progress);
        else if (data.kind === "refused") reject(new SpecificationError(data.code, data.values));
        else if (data.kind === "failed") reject(failure(data.detail));
        else resolve(data);
      };
      worker.onerror = (event) => reject(failure(event.message || "the worker did not start"));
      worker.onmessageerror = () => reject(failure("an answer could not be read"));
      worker.postMessage(request);
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    worker.terminate();
  }
}

function startWorker(): WorkerLike {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "specification" });
}

function failure(detail: string): SpecificationError {
  return new SpecificationError("worker-failed", { detail });
}

function unexpected({ kind }: WorkerAnswer): SpecificationError {
  return failure(`the answer was ${kind}`);
}
