// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import { numberIn } from "./cells";
import { type CsvHead, inspectCsv, readCsv } from "./csv";

// It is computing that takes the time, which a busy machine has little of.
vi.setConfig({ testTimeout: 60_000 });

function blob(...parts: (string | Uint8Array<ArrayBuffer>)[]): Blob {
  return new Blob(parts);
}

/** All rows of the chosen columns, those of numbers if none are named. */
async function rowsOf(
  file: Blob,
  chosen?: readonly number[],
  known?: CsvHead["dialect"],
): Promise<number[][]> {
  const head = await inspectCsv(file, known);
  const indices = chosen ?? head.columns.filter(({ kind }) => kind === "number").map(({ index }) => index);
  const rows: number[][] = [];
  const names = new Map(indices.map((index) => [index, head.columns[index]?.name ?? "?"]));
  await readCsv(file, head.dialect, names, {
    onRows: (values) => {
      for (let at = 0; at < values.length; at += indices.length) {
        rows.push([...values.subarray(at, at + indices.length)]);
      }
    },
  });
  return rows;
}

const names = (head: CsvHead): string[] => head.columns.map(({ name }) => name);

describe("the dialect", () => {
  it.each([
    ["commas", "a,b\n1,2.5\n-3,4\n", ",", "."],
    ["semicolons", "a;b\n1;2.5\n-3;4\n", ";", "."],
    ["tabs", "a\tb\n1\t2.5\n-3\t4\n", "\t", "."],
    ["bars", "a|b\n1|2.5\n-3|4\n", "|", "."],
    ["blanks", "a b\n1 2.5\n-3 4\n", " ", "."],
    ["decimal commas", "a;b\n1;2,5\n-3;4\n", ";", ","],
    ["decimal commas in quotes", 'a,b\n1,"2,5"\n-3,"4"\n', ",", ","],
    ["decimal commas, thousands with points", "a;b\n1;2,5\n-3;4\n1;2\n".replace("2,5", "2,50"), ";", ","],
    ["carriage returns", "a,b\r\n1,2.5\r\n-3,4\r\n", ",", "."],
    ["old carriage returns", "a,b\r1,2.5\r-3,4\r", ",", "."],
    ["no last line end", "a,b\n1,2.5\n-3,4", ",", "."],
    ["blank lines", "\na,b\n\n1,2.5\n   \n-3,4\n\n", ",", "."],
    ["quotes", '"a","b"\n"1","2.5"\n"-3",4\n', ",", "."],
    ["a mark of UTF-8", "\ufeffa,b\n1,2.5\n-3,4\n", ",", "."],
    ["empty cells at the end", "a,b\n1,2.5,,\n-3,4\n", ",", "."],
  ])("%s", async (_, text, separator, decimal) => {
    const head = await inspectCsv(blob(text));
    expect(head.dialect).toEqual({ encoding: "utf-8", separator, decimal, header: true });
    expect(names(head)).toEqual(["a", "b"]);
    expect((await rowsOf(blob(text))).slice(0, 2)).toEqual([
      [1, 2.5],
      [-3, 4],
    ]);
  });

  it("is what the user says", async () => {
    const file = blob("a;b\n1;2,500\n3;4,125\n");
    expect((await inspectCsv(file)).dialect).toMatchObject({ separator: ";", decimal: "," });
    const head = await inspectCsv(file, { separator: ",", header: false });
    expect(head.dialect).toMatchObject({ separator: ",", header: false });
    expect(head.rows[0]).toEqual(["a;b"]);
  });

  it("has no header where the first row is numbers", async () => {
    const head = await inspectCsv(blob("1,2\n3,4\n5,6\n"));
    expect(head.dialect.header).toBe(false);
    expect(names(head)).toEqual(["1", "2"]);
    expect(await rowsOf(blob("1,2\n3,4\n5,6\n"))).toHaveLength(3);
  });

  it("has a header of years where some other column is named", async () => {
    expect(names(await inspectCsv(blob("city,2019,2020\nA,1,2\nB,3,4\n")))).toEqual(["1", "2", "3"]);
    expect(names(await inspectCsv(blob("size,2019,2020\n7,1,2\n8,3,4\n")))).toEqual(["size", "2019", "2020"]);
  });

  it.each([
    ["utf-16le", [0xff, 0xfe], true],
    ["utf-16be", [0xfe, 0xff], false],
    ["utf-16le", [], true],
    ["utf-16be", [], false],
  ] as const)("%s after %j", async (encoding, mark, little) => {
    const text = "größe,b\n1,2\n3,4\n";
    const bytes = new Uint8Array(mark.length + 2 * text.length);
    bytes.set(mark);
    [...text].forEach((char, i) => {
      new DataView(bytes.buffer).setUint16(mark.length + 2 * i, char.charCodeAt(0), little);
    });
    const head = await inspectCsv(blob(bytes));
    expect(head.dialect.encoding).toBe(encoding);
    expect(names(head)).toEqual(["größe", "b"]);
  });

  it("tells Chinese in GB18030 from letters with accents", async () => {
    // 温度,湿度 and größe,hauteur d’été, in bytes.
    const chinese = Uint8Array.of(0xce, 0xc2, 0xb6, 0xc8, 0x2c, 0xca, 0xaa, 0xb6, 0xc8, 0x0a);
    expect(names(await inspectCsv(blob(chinese, "1,2\n3,4\n")))).toEqual(["温度", "湿度"]);
    const western = Uint8Array.from(
      [..."gr\xf6\xdfe,hauteur d'\xe9t\xe9\n"].map((char) => char.charCodeAt(0)),
    );
    const head = await inspectCsv(blob(western, "1,2\n3,4\n"));
    expect(head.dialect.encoding).toBe("windows-1252");
    expect(names(head)).toEqual(["größe", "hauteur d'été"]);
    expect((await inspectCsv(blob(western, "1,2\n3,4\n"), { encoding: "gb18030" })).dialect.encoding).toBe(
      "gb18030",
    );
  });
});

describe("columns", () => {
  it("are judged by their values", async () => {
    const { columns } = await inspectCsv(
      blob(",x,city,none,flag\n0,1,A,,true\n1,NA,B,,False\n2,3,C,,true\n"),
    );
    expect(columns).toEqual([
      { index: 0, name: "1", kind: "number", counter: true, missing: 0, example: null },
      { index: 1, name: "x", kind: "number", counter: false, missing: 1, example: null },
      { index: 2, name: "city", kind: "text", counter: false, missing: 0, example: "A" },
      { index: 3, name: "none", kind: "empty", counter: false, missing: 3, example: null },
      { index: 4, name: "flag", kind: "number", counter: false, missing: 0, example: null },
    ]);
  });

  it("may be chosen, in any order", async () => {
    const file = blob("a,b,c\n1,x,2\n3,y,4\n");
    expect(await rowsOf(file, [2, 0])).toEqual([
      [2, 1],
      [4, 3],
    ]);
  });

  it("quoted values may hold separators, line ends and quotation marks", async () => {
    const file = blob('name,x\n"A, ""B""\nC",1\nD,2\n');
    expect((await inspectCsv(file)).rows[0]).toEqual(['A, "B"\nC', "1"]);
    expect(await rowsOf(file)).toEqual([[1], [2]]);
  });
});

it.each([
  ["1", 1, 1],
  [" 1.5 ", 1.5, null],
  ["1,5", null, 1.5],
  [".5", 0.5, null],
  ["-,5", null, -0.5],
  ["1e-3", 0.001, 0.001],
  ["1,234.5", 1234.5, null],
  ["1.234,5", null, 1234.5],
  ["1,234", null, 1.234],
  ["0x10", null, null],
  ["1_000", null, null],
  ["12%", null, null],
  ["2020-01-01", null, null],
  ["TRUE", 1, 1],
  ["false", 0, 0],
  ["-inf", -Infinity, -Infinity],
  ["", NaN, NaN],
  ["  ", NaN, NaN],
  ["N/A", NaN, NaN],
  ["None", NaN, NaN],
  ["?", NaN, NaN],
  ["text", null, null],
])("the cell %j is %d with points, %d with commas", (cell, point, comma) => {
  expect([numberIn(cell, "."), numberIn(cell, ",")]).toEqual([point, comma]);
});

describe("errors", () => {
  it.each([
    ["", "csv-empty", {}],
    ["\n \n", "csv-empty", {}],
    ["a,b\n", "table-no-rows", {}],
    ["PK\x03\x04 xlsx", "csv-binary", {}],
    ["a,b\n\0\x01,2\n", "csv-binary", {}],
    ["a,b\n1,2\n3,4,5\n", "csv-row-length", { line: 3, found: 3, expected: 2 }],
    ["a,b\n1,2\n\n3\n", "csv-row-length", { line: 4, found: 1, expected: 2 }],
  ])("%j is %s", async (text, code, values) => {
    await expect(rowsOf(blob(text))).rejects.toMatchObject({ code, values });
  });

  it("name line and column of what is no number, in the whole file", async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `${i},"${i / 7}"`);
    lines[70_000] = "7,8x";
    const file = blob(`a,b\n"1",2\n"3\n",4\n${lines.join("\n")}\n`);
    await expect(rowsOf(file, [0, 1])).rejects.toMatchObject({
      code: "csv-not-a-number",
      values: { line: 70_005, column: "b", value: "8x" },
    });
  });

  it("a quotation mark that is left open does not take all memory", async () => {
    const file = blob(`a,b\n1,2\n${"1,2\n".repeat(30_000)}"3,4\n`, "5,6\n".repeat(1_500_000));
    await expect(rowsOf(file)).rejects.toMatchObject({
      code: "csv-record-too-long",
      values: { line: 30_003 },
    });
  });

  it("too many columns are no table", async () => {
    const row = Array(10_001).fill("1").join(",");
    await expect(rowsOf(blob(`${row}\n${row}\n`))).rejects.toMatchObject({
      code: "csv-too-many-columns",
      values: { found: 10_001, most: 10_000 },
    });
  });

  it("a column beyond the last is none, and files that are gone cannot be read", async () => {
    await expect(rowsOf(blob("a,b\n1,2\n"), [5])).rejects.toMatchObject({ code: "csv-columns-changed" });
    const gone = { size: 5, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadable")) }) };
    await expect(inspectCsv(gone as unknown as Blob)).rejects.toMatchObject({ code: "file-unreadable" });
  });
});

it("large files are read block by block, can be watched, and ended", async () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `${i},${(i * 7919) % 1000},Größe`).join("\r\n");
  const file = blob("id,v,t\r\n", text);
  const rows = await rowsOf(file, [0, 1]);
  expect(rows).toHaveLength(100_000);
  expect(rows.every(([id, v], i) => id === i && v === (i * 7919) % 1000)).toBe(true);
  const { dialect } = await inspectCsv(file);
  const seen: number[] = [];
  const control = new AbortController();
  const reading = readCsv(file, dialect, new Map([[0, "id"]]), {
    onRows: () => undefined,
    onBytes: (bytes) => {
      seen.push(bytes);
      control.abort();
    },
    signal: control.signal,
  });
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
  expect(seen).toEqual([1 << 20]);
});
