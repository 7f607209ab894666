// @vitest-environment node
import { describe, expect, it } from "vitest";
import { type DescribeProgress, type WorkerLike, describeTable, inspectTable } from "./compute";
import type { CsvDialect } from "./csv";
import { type WorkerAnswer, type WorkerRequest, answer } from "./serve";
import { specificationOf, tableVector } from "./testing";

/** The worker's code without a thread: messages are cloned on their way, as between threads. */
class NearWorker implements WorkerLike {
  onmessage: WorkerLike["onmessage"] = null;
  onerror: WorkerLike["onerror"] = null;
  onmessageerror: WorkerLike["onmessageerror"] = null;
  ended = false;

  postMessage(message: WorkerRequest): void {
    void answer(structuredClone(message), (reply) => {
      const data = structuredClone(reply);
      if (!this.ended) this.onmessage?.({ data } as MessageEvent<WorkerAnswer>);
    });
  }

  terminate(): void {
    this.ended = true;
  }
}

function starting(worker: WorkerLike): { start: () => WorkerLike } {
  return { start: () => worker };
}

const { matrix } = tableVector("iris");
const names = ["sepal length", "sepal width", "petal length", "petal width"];
const lines = Array.from({ length: matrix.rows }, (_, i) =>
  matrix.values.subarray(4 * i, 4 * i + 4).join(","),
);
const file = new Blob([`${names.join(",")},species\n${lines.map((line) => `${line},iris\n`).join("")}`]);
const columns = names.map((name, index) => ({ index, name }));
const dialect: CsvDialect = { encoding: "utf-8", separator: ",", decimal: ".", header: true };

it("a table is looked at, and described as if there were no worker", async () => {
  const worker = new NearWorker();
  const head = await inspectTable(file, {}, starting(worker));
  expect(head.dialect).toEqual(dialect);
  expect(head.columns.map(({ kind }) => kind)).toEqual([...names.map(() => "number"), "text"]);
  expect(worker.ended).toBe(true);
  const seen: DescribeProgress[] = [];
  const options = { seed: 2, points: 12 };
  const found = await describeTable(
    file,
    { dialect: head.dialect, columns, options },
    { ...starting(new NearWorker()), onProgress: (progress) => seen.push(progress) },
  );
  expect(found).toEqual(specificationOf(matrix, options));
  const shares = seen.map(({ share }) => share);
  expect(shares).toEqual([...shares].sort((one, other) => one - other));
  expect([...new Set(seen.map(({ stage }) => stage))]).toEqual([
    "reading",
    "preparing",
    "searching",
    "measuring",
  ]);
});

it("columns are taken in the order that is asked for", async () => {
  const chosen = [columns[3], columns[1]].filter((column) => column !== undefined);
  const { z } = await describeTable(file, { dialect, columns: chosen }, starting(new NearWorker()));
  const widths = z.map(([width]) => width ?? NaN);
  expect(Math.max(...widths)).toBeLessThan(2.6);
});

describe("what goes wrong is told", () => {
  it("by the file", async () => {
    const asked = [...columns, { index: 4, name: "species" }];
    const worker = new NearWorker();
    await expect(describeTable(file, { dialect, columns: asked }, starting(worker))).rejects.toMatchObject({
      code: "csv-not-a-number",
      values: { line: 2, column: "species", value: "iris" },
    });
    expect(worker.ended).toBe(true);
    const nothing = describeTable(file, { dialect, columns: [] }, starting(new NearWorker()));
    await expect(nothing).rejects.toMatchObject({ code: "table-no-columns" });
  });

  it("by the program", async () => {
    const wrong = describeTable(
      file,
      { dialect, columns, options: { points: 0 } },
      starting(new NearWorker()),
    );
    await expect(wrong).rejects.toMatchObject({
      code: "worker-failed",
      values: { detail: expect.stringContaining("points") as string },
    });
  });

  it.each([
    ["onerror", { message: "it broke" }, "it broke"],
    ["onerror", {}, "the worker did not start"],
    ["onmessageerror", {}, "an answer could not be read"],
  ] as const)("by the worker: %s %j", async (event, value, detail) => {
    const worker = new NearWorker();
    worker.postMessage = () => worker[event]?.(value as ErrorEvent & MessageEvent);
    await expect(inspectTable(file, {}, starting(worker))).rejects.toMatchObject({
      code: "worker-failed",
      values: { detail },
    });
    expect(worker.ended).toBe(true);
  });
});

it("work ends at once when nobody wants it any more", async () => {
  const worker = new NearWorker();
  const control = new AbortController();
  const waiting = { ...starting(worker), signal: control.signal, onProgress: () => control.abort() };
  await expect(describeTable(file, { dialect, columns }, waiting)).rejects.toMatchObject({
    name: "AbortError",
  });
  expect(worker.ended).toBe(true);
  const never = { start: () => expect.fail("nothing is begun"), signal: control.signal };
  await expect(inspectTable(file, {}, never)).rejects.toMatchObject({ name: "AbortError" });
});
