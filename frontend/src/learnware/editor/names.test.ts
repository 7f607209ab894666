import { describe, expect, it } from "vitest";
import { readHeader, splitNames } from "./names";

describe("splitNames", () => {
  it.each([
    ["sepal length,sepal width", ["sepal length", "sepal width"]],
    ["a\tb\tc", ["a", "b", "c"]],
    ["a;b;c\n", ["a", "b", "c"]],
    ['"length, cm","width ""w"""', ["length, cm", 'width "w"']],
    ["\uFEFF甲,乙", ["甲", "乙"]],
    ["one\ntwo\r\nthree\n", ["one", "two", "three"]],
    ["length, in cm\nwidth, in cm", ["length, in cm", "width, in cm"]],
    ["a,b\n1,2\n3,4", ["a", "b"]],
    ["only", ["only"]],
    ["  ", []],
    ["1,2,3", []],
  ])("%j", (text, names) => expect(splitNames(text)).toEqual(names));
});

describe("readHeader", () => {
  it("reads the first line only, quoted line ends included", async () => {
    const rows = "1,2\n".repeat(100_000);
    expect(await readHeader(new Blob([`"a\nb",c\r\n${rows}`]))).toEqual({ names: ["a\nb", "c"], columns: 2 });
  });

  it("tells how many columns there are where there is no header", async () => {
    expect(await readHeader(new Blob(["5.1;3,5;1.4\n4.9;3.0;1.4\n"]))).toEqual({ names: [], columns: 3 });
  });

  it("reads other encodings", async () => {
    const gbk = new Uint8Array([0xb3, 0xa4, 0x2c, 0xbf, 0xed, 0x0a]);
    expect((await readHeader(new Blob([gbk]))).names).toEqual(["长", "宽"]);
  });

  it("takes a header of 784 columns", async () => {
    const names = Array.from({ length: 784 }, (_, index) => `pixel ${String(index)}`);
    expect((await readHeader(new Blob([`${names.join(",")}\n`]))).names).toEqual(names);
  });
});
