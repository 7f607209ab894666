import { describe, expect, it } from "vitest";
import { inspectCsv } from "@/specification/csv";
import { likelyColumns, tableRows } from "./table";

const head = (text: string) => inspectCsv(new Blob([text]));
const all = async (text: string, most = 100, whole = true) => {
  const { dialect, columns } = await head(text);
  return tableRows(text, dialect, columns, most, whole);
};

describe("likelyColumns", () => {
  const described = new Map([
    [0, "Sepal length"],
    [1, "petal_width"],
  ]);

  it("takes described columns by their names, in the learnware's order", async () => {
    const found = await head("id,petal width,x,sepal length\n1,2,3,4\n2,3,4,5\n");
    expect(likelyColumns(found, described, 2)).toEqual([3, 1]);
  });

  it("leaves out what counts rows and what is to be predicted", async () => {
    const found = await head(",a,b,target\n0,1.5,2,7\n1,2.5,3,8\n2,3.5,1,9\n");
    expect(likelyColumns(found, described, 2)).toEqual([1, 2]);
    // Where the learnware takes more, they are columns like all others.
    expect(likelyColumns(found, described, 3)).toEqual([1, 2, 3]);
    expect(likelyColumns(found, described, 4)).toEqual([0, 1, 2, 3]);
  });

  it("offers all numbers where nothing fits", async () => {
    const found = await head("a,b,c\n1.5,x,2\n2.5,y,4\n");
    expect(likelyColumns(found, described, 7)).toEqual([0, 2]);
  });
});

describe("tableRows", () => {
  it("reads numbers, missing ones too, as the file writes them", async () => {
    expect(await all("a;b\n1,5;\n\n-2,25;1e3\n")).toEqual({
      rows: [
        [1.5, null],
        [-2.25, 1000],
      ],
      cut: false,
    });
  });

  it("takes the columns in the order in which they were chosen", async () => {
    const { dialect, columns } = await head("a,b,c\n1,2,3\n");
    const chosen = [columns[2], columns[0]].filter((one) => one !== undefined);
    expect(tableRows("a,b,c\n1,2,3\n", dialect, chosen, 5, true).rows).toEqual([[3, 1]]);
  });

  it("takes no more rows than a trial, and tells", async () => {
    const text = `a,b\n${"1,2\n\n".repeat(5)}`;
    expect(await all(text, 5)).toMatchObject({ rows: { length: 5 }, cut: false });
    expect(await all(text, 4)).toMatchObject({ rows: { length: 4 }, cut: true });
  });

  it("does not read what is beyond the last row", async () => {
    expect((await all("a,b\n1,2\n3,4\nx,y,z\n", 2)).rows).toHaveLength(2);
  });

  it("leaves out a last row that may go on", async () => {
    expect(await all("a,b\n1,2\n3,4", 100, false)).toEqual({ rows: [[1, 2]], cut: true });
  });

  it.each([
    ["a,b\n1,2\n3,four\n", "csv-not-a-number", { line: 3, column: "b", value: "four" }],
    ["a,b\n1,inf\n", "csv-not-a-number", { line: 2, column: "b", value: "inf" }],
    ["a,b\n1,2\n3\n", "csv-row-length", { line: 3, found: 1, expected: 2 }],
    ["a,b\n1,2\n3,4,5\n", "csv-row-length", { line: 3, found: 3, expected: 2 }],
  ])("tells what is wrong with %j", async (text, code, values) => {
    await expect(all(text)).rejects.toMatchObject({ code, values });
  });
});
