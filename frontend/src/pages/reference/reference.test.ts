/** The reference shows the dock's own description: these tests read the one that is kept with the guides. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { curlOf } from "./curl";
import { groupsOf, matching, operationsOf, type Description, type JsonSchema } from "./openapi";
import { exampleOf, fieldsOf, limitsOf, sampleOf, typeOf, valuesOf } from "./schemas";

const FILE = join(import.meta.dirname, "../../../../docs/openapi.json");
const description = JSON.parse(readFileSync(FILE, "utf8")) as Description;
const operations = operationsOf(description);
const words = {
  or: "or",
  anything: "anything",
  listOf: (type: string) => `list of ${type}`,
  mapOf: (type: string) => `names with ${type}`,
};
const named = (name: string) => {
  const found = operations.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe("operations", () => {
  it("are all there, each with a name of its own that fits into an address", () => {
    const described = Object.values(description.paths).flatMap((methods) => Object.keys(methods));
    expect(operations).toHaveLength(described.length);
    expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length);
    for (const { name } of operations) expect(encodeURIComponent(name)).toBe(name);
  });

  it("stand under their tags, in the order of the tags", () => {
    const groups = groupsOf(description, operations);
    expect(groups.map(({ tag }) => tag)).toEqual(description.tags?.map(({ name }) => name));
    expect(groups.flatMap((group) => group.operations)).toHaveLength(operations.length);
  });

  it("are found by path, title, method and parameters, all words together", () => {
    const names = (text: string) => matching(operations, text).map(({ name }) => name);
    expect(names("delete favourites")).toEqual(["delete-favourites-learnware_id"]);
    expect(names("SENSITIVE add")).toContain("post-admin-sensitive-words");
    expect(names("upload-offset")).toContain("patch-uploads-upload_id");
    expect(names("")).toHaveLength(operations.length);
    expect(names("no such words at all")).toEqual([]);
  });

  it("tell whether a login is needed", () => {
    expect(named("get-account").login).toBe("needed");
    expect(named("get-learnwares").login).toBe("optional");
    expect(named("get-vocabulary").login).toBe("none");
  });
});

describe("schemas", () => {
  it("of every operation can be shown", () => {
    const shown = (schema: JsonSchema, depth: number): number => {
      expect(typeOf(description, schema, words)).not.toBe("");
      limitsOf(description, schema);
      if (depth === 0) return 0;
      return fieldsOf(description, schema).reduce((sum, one) => sum + 1 + shown(one.schema, depth - 1), 0);
    };
    const bodies = operations.flatMap(({ body, answers }) => [
      ...Object.values(body?.content ?? {}),
      ...answers.flatMap(({ answer }) => Object.values(answer.content ?? {})),
    ]);
    const parameters = operations.flatMap((one) => one.parameters);
    for (const { schema } of parameters) expect(shown(schema ?? {}, 4)).toBe(0);
    expect(bodies.reduce((sum, { schema }) => sum + shown(schema ?? {}, 6), 0)).toBeGreaterThan(500);
  });

  it("say their types in words", () => {
    const type = (schema: JsonSchema) => typeOf(description, schema, words);
    expect(type({ anyOf: [{ type: "integer" }, { type: "null" }] })).toBe("integer or null");
    expect(type({ type: "array", items: { type: "string", format: "date" } })).toBe("list of string (date)");
    expect(type({ type: "object", additionalProperties: { type: "number" } })).toBe("names with number");
    expect(type({})).toBe("anything");
    expect(type({ $ref: "#/components/schemas/SummaryOut" })).toBe("object");
    expect(() => type({ $ref: "#/components/schemas/Nothing" })).toThrow("Nothing");
  });

  it("say which values there are, and what a value must be", () => {
    expect(valuesOf(description, { type: "array", items: { enum: ["a", "b"] } })).toEqual(['"a"', '"b"']);
    const limits = (schema: JsonSchema) => limitsOf(description, schema);
    expect(limits({ type: "integer", minimum: 1, maximum: 100, default: 20 })).toMatchObject({
      value: "1 – 100",
      usual: "20",
    });
    expect(limits({ type: "integer", minimum: 1, maximum: 2 ** 63 }).value).toBe("≥ 1");
    expect(limits({ anyOf: [{ type: "string", maxLength: 64 }, { type: "null" }] }).length).toBe("≤ 64");
  });

  it("have samples where there is no example", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: {
        name: { type: "string", examples: ["ada"] },
        count: { type: "integer", minimum: 3 },
        tags: { type: "array", items: { enum: ["x"] } },
        maybe: { anyOf: [{ type: "boolean" }, { type: "null" }] },
      },
    };
    expect(sampleOf(description, schema, 4)).toEqual({ name: "ada", count: 3, tags: ["x"], maybe: true });
    expect(exampleOf(description, { schema, example: 7 })).toBe(7);
  });
});

describe("commands", () => {
  const command = (name: string) => curlOf(description, named(name), "https://dock.example.org");

  it("name the address, who asks, and the body", () => {
    expect(command("get-learnwares")).toBe("curl 'https://dock.example.org/api/v1/learnwares'");
    const adding = command("post-admin-sensitive-words");
    expect(adding).toContain("curl -X POST 'https://dock.example.org/api/v1/admin/sensitive-words'");
    expect(adding).toContain('-H "Authorization: Bearer $TOKEN"');
    expect(adding).toContain("-H 'Content-Type: application/json'");
    expect(adding).toContain('"word": "casino"');
  });

  it("fill in what is needed, and send or keep files as files", () => {
    const patch = command("patch-uploads-upload_id");
    expect(patch).not.toMatch(/[{}]/);
    expect(patch).toContain("Upload-Offset: 0");
    expect(patch).toContain("--data-binary @FILE");
    expect(command("get-learnwares-learnware_id-package")).toContain("--remote-header-name");
  });

  it.each(operations.map(({ name }) => name))("are complete: %s", (name) => {
    const told = command(name);
    expect(told).not.toContain("undefined");
    const [line = ""] = told.split("\n");
    expect(line).not.toMatch(/[{}]/);
  });
});
