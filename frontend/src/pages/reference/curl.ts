/** A command line that does what an operation describes. */
import type { Description, Operation, Parameter } from "./openapi";
import { exampleOf, sampleOf } from "./schemas";

const SHALLOW = 2;

/**
 * Return the command.
 *
 * @param origin - of the dock: `https://dock.example.org`.
 */
export function curlOf(description: Description, operation: Operation, origin: string): string {
  const { method, path, parameters, body, login } = operation;
  const needed = parameters.filter((one) => one.required);
  const value = (one: Parameter) =>
    String(one.example ?? (one.schema ? sampleOf(description, one.schema, SHALLOW) : ""));
  const filled = path.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const found = parameters.find((one) => one.in === "path" && one.name === name);
    return found ? value(found).split("/").map(encodeURIComponent).join("/") : whole;
  });
  const query = needed
    .filter((one) => one.in === "query")
    .map((one) => `${one.name}=${encodeURIComponent(value(one))}`)
    .join("&");
  const lines = [`curl ${methodFlag(method)}${quoted(`${origin}${filled}${query ? `?${query}` : ""}`)}`];
  if (login === "needed") lines.push(`-H "Authorization: Bearer $TOKEN"`);
  for (const one of needed) {
    if (one.in === "header") lines.push(`-H ${quoted(`${canonical(one.name)}: ${value(one)}`)}`);
  }
  const [type, media] = Object.entries(body?.content ?? {})[0] ?? [];
  if (type !== undefined && media) {
    lines.push(`-H ${quoted(`Content-Type: ${type}`)}`);
    if (isJson(type)) lines.push(`-d ${quoted(JSON.stringify(exampleOf(description, media), null, 2))}`);
    else lines.push("--data-binary @FILE");
  }
  if (method === "get" && answersWithFile(operation)) lines.push("--remote-name --remote-header-name");
  return lines.join(" \\\n  ");
}

/** Whether a media type is JSON. */
export function isJson(type: string): boolean {
  return /^application\/(.+\+)?json$/.test(type);
}

function answersWithFile({ answers }: Operation): boolean {
  const fine = answers.find(({ status }) => status.startsWith("2"))?.answer.content ?? {};
  return Object.values(fine).some((media) => media.schema?.format === "binary");
}

function methodFlag(method: string): string {
  if (method === "get") return "";
  return method === "head" ? "--head " : `-X ${method.toUpperCase()} `;
}

function canonical(header: string): string {
  return header.replace(/(^|-)\w/g, (letter) => letter.toUpperCase());
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
