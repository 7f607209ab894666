import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { hashOf } from "./hashing";

it.each([0, 1, 4 * 2 ** 20, 9_000_001])("hashes a file of %i bytes", async (size) => {
  const bytes = new Uint8Array(size).map((_, index) => (index * 31) & 255);
  const read: number[] = [];
  const found = await hashOf(new Blob([bytes]), (now) => read.push(now));
  expect(found).toBe(createHash("sha256").update(bytes).digest("hex"));
  expect(read.at(-1) ?? 0).toBe(size);
});
