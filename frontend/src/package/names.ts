import { type Finding, type FindingCode, finding } from "./findings";

const LONGEST_NAME = 1024;
const LONGEST_PART = 255;

/** What is wrong with a name that could leave the folder, or be read differently on another system. */
export function nameFinding(name: string): Finding | null {
  const parts = name.replace(/\/+$/, "").split("/");
  const wrong = (code: FindingCode, values = {}): Finding => finding("package", code, { path: name }, values);
  if (name === "" || bytes(name) > LONGEST_NAME) return wrong("name-length", { most: LONGEST_NAME });
  if (name.includes("\\")) return wrong("name-backslash");
  if (name.startsWith("/")) return wrong("name-absolute");
  if (parts.includes("..")) return wrong("name-leaves");
  if (parts.some((part) => part === "" || part === ".")) return wrong("name-empty");
  if (name.includes(":")) return wrong("name-colon");
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return wrong("name-control");
  if (parts.some((part) => /[ .]$/.test(part))) return wrong("name-end");
  if (parts.some((part) => bytes(part) > LONGEST_PART)) return wrong("name-part", { most: LONGEST_PART });
  return null;
}

/** Names that are one file on a system that ignores case, and names of a file and a folder at once. */
export function collisions(files: readonly string[], folders: readonly string[]): Finding[] {
  const found: Finding[] = [];
  const seen = new Map<string, string>();
  for (const name of files) {
    const other = seen.get(folded(name));
    if (other === undefined) seen.set(folded(name), name);
    else if (other === name) found.push(finding("package", "name-twice", { path: name }));
    else found.push(finding("package", "name-case", { path: name }, { other }));
  }
  const spelling = new Map<string, string>();
  const all = [...seen.values()].flatMap(parents).concat(folders.flatMap((name) => [name, ...parents(name)]));
  for (const folder of new Set(all)) {
    const key = folded(folder);
    const other = spelling.get(key);
    if (seen.has(key)) found.push(finding("package", "name-folder", { path: folder }));
    else if (other === undefined) spelling.set(key, folder);
    else found.push(finding("package", "name-case", { path: folder }, { other }));
  }
  return found;
}

/** The one folder that holds everything, or null. */
export function topFolderOf(names: readonly string[]): string | null {
  const tops = new Set(names.map((name) => name.split("/")[0] ?? ""));
  const [top] = tops;
  return tops.size === 1 && top !== undefined && names.every((name) => name.includes("/")) ? top : null;
}

/** A name without regard to case and to how accents are written: large letters first, since ß has two of them. */
function folded(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}

function parents(name: string): string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
