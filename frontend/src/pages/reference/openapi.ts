/** The description of the API, and its operations. */

/** A schema, as far as the dock's description uses JSON Schema. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  title?: string;
  description?: string;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
}

export interface Media {
  schema?: JsonSchema;
  example?: unknown;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "cookie";
  required?: boolean;
  description?: string;
  schema?: JsonSchema;
  example?: unknown;
}

export interface Answer {
  description: string;
  content?: Record<string, Media>;
  headers?: Record<string, { description?: string; schema?: JsonSchema }>;
}

interface RawOperation {
  tags?: string[];
  summary?: string;
  description?: string;
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; description?: string; content: Record<string, Media> };
  responses?: Record<string, Answer>;
  security?: Record<string, string[]>[];
}

export interface Description {
  info: { title: string; version: string; summary?: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, JsonSchema> };
}

export const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"] as const;
export type Method = (typeof METHODS)[number];

/** Whether somebody has to be logged in, may be, or is never asked. */
export type Login = "needed" | "optional" | "none";

export interface Operation {
  /** What it is called in addresses: `get-learnwares-learnware_id`. */
  name: string;
  method: Method;
  path: string;
  tag: string;
  summary: string;
  description: string;
  deprecated: boolean;
  login: Login;
  parameters: Parameter[];
  body: RawOperation["requestBody"] | null;
  /** By status, in order. */
  answers: { status: string; answer: Answer }[];
}

export interface Group {
  tag: string;
  description: string;
  operations: Operation[];
}

/** Return all operations, in the order of the description. */
export function operationsOf(description: Description): Operation[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const raw = methods[method];
      return raw ? [operationOf(method, path, raw)] : [];
    }),
  );
}

/** Return operations by tag, in the order of the tags; tags that nothing has are left out. */
export function groupsOf(description: Description, operations: readonly Operation[]): Group[] {
  const told = description.tags ?? [];
  const names = new Set([...told.map(({ name }) => name), ...operations.map(({ tag }) => tag)]);
  return [...names]
    .map((tag) => ({
      tag,
      description: told.find(({ name }) => name === tag)?.description ?? "",
      operations: operations.filter((one) => one.tag === tag),
    }))
    .filter((group) => group.operations.length > 0);
}

/** Return the operations that have all words of a text in their path, method, tag, title, text or parameters. */
export function matching(operations: readonly Operation[], text: string): Operation[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return operations.filter((one) => {
    const parameters = one.parameters.map(({ name }) => name);
    const all = [one.method, one.path, one.tag, one.summary, one.description, ...parameters]
      .join(" ")
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

function operationOf(method: Method, path: string, raw: RawOperation): Operation {
  const security = raw.security ?? [];
  return {
    name: nameOf(method, path),
    method,
    path,
    tag: raw.tags?.[0] ?? "",
    summary: raw.summary ?? `${method.toUpperCase()} ${path}`,
    description: raw.description ?? "",
    deprecated: raw.deprecated ?? false,
    login: loginOf(security),
    parameters: raw.parameters ?? [],
    body: raw.requestBody ?? null,
    answers: Object.entries(raw.responses ?? {})
      .map(([status, answer]) => ({ status, answer }))
      .sort((one, other) => one.status.localeCompare(other.status)),
  };
}

function loginOf(security: readonly Record<string, string[]>[]): Login {
  if (security.length === 0) return "none";
  // An empty entry says that it works without any of the others.
  return security.some((one) => Object.keys(one).length === 0) ? "optional" : "needed";
}

function nameOf(method: Method, path: string): string {
  const parts = path.replace(/^\/api\/v1\//, "").split("/");
  return [method, ...parts.map((part) => part.replace(/[{}]/g, "")).filter(Boolean)].join("-");
}
