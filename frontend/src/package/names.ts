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

/**
 * Names that are one file on a system that ignores case, names of a file and a folder at once, and too many folders:
 * a few long names can stand for millions.
 */
export function collisions(
  files: readonly string[],
  folders: readonly string[],
  mostFolders: number,
): Finding[] {
  const found: Finding[] = [];
  const seen = new Map<string, string>();
  for (const name of files) {
    const other = seen.get(folded(name));
    if (other === undefined) seen.set(folded(name), name);
    else if (other === name) found.push(finding("package", "name-twice", { path: name }));
    else found.push(finding("package", "name-case", { path: name }, { other }));
  }
  const spelling = new Map<string, string>();
  const all = foldersOf([...files.map(parentOf), ...folders], mostFolders);
  if (all === null) return [...found, finding("package", "folders-many", {}, { most: mostFolders })];
  for (const folder of all) {
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

/** Every folder once, those first that others are in; null where there are too many. */
function foldersOf(names: readonly string[], most: number): Set<string> | null {
  const all = new Set<string>();
  for (const name of names) {
    const inside: string[] = [];
    for (let folder = name; folder !== "" && !all.has(folder); folder = parentOf(folder)) {
      inside.push(folder);
      if (all.size + inside.length > most) return null;
    }
    for (const folder of inside.reverse()) all.add(folder);
  }
  return all;
}

/** The folder that something is in; empty for the package itself. */
function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
