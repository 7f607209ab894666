/** Reading JSON schemas: what type something has, what it must be, what is in it. */
import type { Description, JsonSchema, Media } from "./openapi";

export interface Field {
  name: string;
  schema: JsonSchema;
  required: boolean;
}

/** Words that schemas are told in; the language that is spoken has them. */
export interface SchemaWords {
  or: string;
  listOf: (type: string) => string;
  mapOf: (type: string) => string;
  anything: string;
}

const DEEPEST_EXAMPLE = 8;

/** Return a schema itself where there is a name that stands for it. */
export function resolved(description: Description, schema: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const named = description.components?.schemas?.[schema.$ref.split("/").at(-1) ?? ""];
  if (named === undefined) throw new Error(`the description does not have ${schema.$ref}`);
  return {
    ...resolved(description, named),
    ...(schema.description ? { description: schema.description } : {}),
  };
}

/** Return the kinds of value that a schema allows, each resolved. */
function choicesOf(description: Description, schema: JsonSchema): JsonSchema[] {
  const own = resolved(description, schema);
  return own.anyOf ? own.anyOf.flatMap((one) => choicesOf(description, one)) : [own];
}

/** Return the type in words: `integer`, `list of string`, `string or null`. */
export function typeOf(description: Description, schema: JsonSchema, words: SchemaWords): string {
  const names = choicesOf(description, schema).map((one) => {
    if (one.const !== undefined) return JSON.stringify(one.const);
    if (one.type === "array") return words.listOf(typeOf(description, one.items ?? {}, words));
    if (one.type === "object") {
      const values = one.additionalProperties;
      if (!one.properties && typeof values === "object")
        return words.mapOf(typeOf(description, values, words));
      return "object";
    }
    if (one.type === undefined) return words.anything;
    return one.format ? `${one.type} (${one.format})` : one.type;
  });
  return [...new Set(names)].join(` ${words.or} `);
}

/** Return the values that there are, where only some are allowed. */
export function valuesOf(description: Description, schema: JsonSchema): string[] {
  const found = choicesOf(description, schema).flatMap((one) => {
    if (one.enum) return one.enum;
    const items = one.type === "array" && one.items ? choicesOf(description, one.items) : [];
    return items.flatMap((item) => item.enum ?? []);
  });
  return found.map((value) => JSON.stringify(value));
}

/** What a value must be besides its type: `["≥ 1", "≤ 100"]`. */
export interface Limits {
  value: string | null;
  length: string | null;
  items: string | null;
  pattern: string | null;
  usual: string | null;
}

/** Return what a value must be besides its type. */
export function limitsOf(description: Description, schema: JsonSchema): Limits {
  const choices = choicesOf(description, schema);
  const first = <K extends keyof JsonSchema>(key: K) => choices.find((one) => one[key] !== undefined)?.[key];
  const usual = schema.default;
  return {
    value: range(first("minimum"), first("maximum")),
    length: range(first("minLength"), first("maxLength")),
    items: range(first("minItems"), first("maxItems")),
    pattern: first("pattern") ?? null,
    usual: usual === undefined || usual === null ? null : JSON.stringify(usual),
  };
}

/** Return the fields of what a schema describes: of an object, of a list's items, of a map's values. */
export function fieldsOf(description: Description, schema: JsonSchema): Field[] {
  return choicesOf(description, schema).flatMap((one) => {
    if (one.type === "array" && one.items) return fieldsOf(description, one.items);
    const named = Object.entries(one.properties ?? {}).map(([name, inner]) => ({
      name,
      schema: inner,
      required: one.required?.includes(name) ?? false,
    }));
    if (named.length > 0 || typeof one.additionalProperties !== "object") return named;
    return fieldsOf(description, one.additionalProperties);
  });
}

/** Return an example of a body: the one that is told, else one that is made up from the schema. */
export function exampleOf(description: Description, media: Media): unknown {
  if (media.example !== undefined) return media.example;
  return media.schema ? sampleOf(description, media.schema, DEEPEST_EXAMPLE) : undefined;
}

/** Return a value that a schema allows. */
export function sampleOf(description: Description, schema: JsonSchema, depth: number): unknown {
  const own = resolved(description, schema);
  const told = [own.examples?.[0], own.default, own.const, own.enum?.[0]].find(
    (one) => one !== undefined && one !== null,
  );
  if (told !== undefined) return told;
  if (depth === 0) return null;
  const [choice] = own.anyOf ?? [];
  if (choice) return sampleOf(description, choice, depth - 1);
  switch (own.type) {
    case "object":
      return Object.fromEntries(
        Object.entries(own.properties ?? {}).map(([name, inner]) => [
          name,
          sampleOf(description, inner, depth - 1),
        ]),
      );
    case "array":
      return own.items ? [sampleOf(description, own.items, depth - 1)] : [];
    case "integer":
    case "number":
      return Math.max(own.minimum ?? 0, Math.min(1, own.maximum ?? 1));
    case "boolean":
      return true;
    case "string":
      return own.format === "date-time"
        ? "2026-11-21T12:00:00Z"
        : own.format === "date"
          ? "2026-11-21"
          : "text";
    default:
      return null;
  }
}

function range(least: number | undefined, most: number | undefined): string | null {
  // What only keeps numbers within 64 bits tells nobody anything.
  const top = most !== undefined && most < 2 ** 53 ? most : undefined;
  if (least !== undefined && top !== undefined) return `${String(least)} – ${String(top)}`;
  if (least !== undefined) return `≥ ${String(least)}`;
  return top === undefined ? null : `≤ ${String(top)}`;
}
