// The part that reads directories; contents are unpacked by the browser itself.
import { type FileEntry, ZipReader } from "@zip.js/zip.js/lib/zip-core-reader.js";
import { type Finding, FoundError, finding, refuse } from "./findings";
import type { PackageLimits } from "./limits";
import { collisions, nameFinding, topFolderOf } from "./names";

/** A file of a package; the path is relative to the package. */
export interface PackageFile {
  readonly path: string;
  readonly size: number;
}

/** A zip whose directory was read. */
export interface Archive {
  readonly files: readonly PackageFile[];
  readonly topFolder: string | null;
  /** What is wrong with its members. */
  readonly findings: readonly Finding[];
  /** The content of a file; throws `FoundError` if it is too large or damaged. */
  read(path: string, most: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The first bytes of a file; throws `FoundError` if it is damaged. */
  head(path: string): Promise<Uint8Array>;
}

const LOCAL_HEADER = 30;
const HEAD_BYTES = 512;
// Packed bytes from which the first ones of a file are unpacked.
const PACKED_HEAD = 4096;
// Bytes of a zip's directory for each member; longer names and extra fields are nobody's.
const DIRECTORY_BYTES = 1024;
const LOCAL_MARK = 0x04034b50;
// Checksums of single bytes under the polynomial of zips.
const CHECKSUMS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});
const STORED = 0;
const DEFLATED = 8;
const MODE_KIND = 0o170000;
const FILE_KIND = 0o100000;
const FOLDER_KIND = 0o040000;
// Encrypted, strongly encrypted, headers masked.
const FORBIDDEN_FLAGS = 0x1 | 0x40 | 0x2000;

/** A file that refuses to give more at once than the directory of a zip of few members needs. */
class BoundedReader {
  readonly size: number;
  // What is read as a stream is nothing here.
  readonly readable = new ReadableStream();
  readonly #file: Blob;
  readonly #most: number;

  constructor(file: Blob, most: number) {
    this.size = file.size;
    this.#file = file;
    this.#most = most;
  }

  async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    if (length > this.#most) throw new RangeError("the directory is too large");
    return new Uint8Array(await this.#file.slice(offset, offset + length).arrayBuffer());
  }
}

interface Named {
  readonly name: string;
  readonly entry: Awaited<ReturnType<ZipReader<unknown>["getEntries"]>>[number];
}

/**
 * Open a zip, and look at its directory by the rules of the engine. Only the directory is read.
 *
 * @throws FoundError if it is no zip.
 */
export async function openArchive(file: Blob, limits: PackageLimits): Promise<Archive> {
  const most = Math.max(limits.members * DIRECTORY_BYTES, 1 << 20);
  const reader = new ZipReader(new BoundedReader(file, most), { strictness: "tolerant" });
  let entries: Named["entry"][];
  try {
    entries = await reader.getEntries({ strictness: "tolerant", filenameValidation: "tolerant" });
  } catch (error) {
    // Whatever keeps it from being read, it is no zip that a dock can read.
    throw Object.assign(new FoundError(finding("package", "zip-unreadable")), { cause: error });
  }
  const named = entries.map((entry) => ({ name: nameOf(entry.rawFilename), entry }));
  const findings = named.flatMap(({ name, entry }) => memberFindings(name, entry, limits));
  // What the Finder of macOS adds is no part of the package.
  const kept = named.filter(({ name }) => name !== null && name.split("/")[0] !== "__MACOSX") as Named[];
  const files = kept.filter(({ name }) => !name.endsWith("/"));
  const folders = kept.filter(({ name }) => name.endsWith("/")).map(({ name }) => name.slice(0, -1));
  findings.push(
    ...collisions(
      files.map(({ name }) => name),
      folders,
      limits.members,
    ),
    ...sizeFindings(file.size, entries.length, files, limits),
    ...overlaps(file.size, entries),
  );
  const names = files.map(({ name }) => name);
  const topFolder = names.includes("learnware.yaml") ? null : topFolderOf(names);
  const cut = topFolder === null ? 0 : topFolder.length + 1;
  const byPath = new Map(files.map(({ name, entry }) => [name.slice(cut), entry as FileEntry]));
  return {
    files: [...byPath].map(([path, { uncompressedSize }]) => ({ path, size: uncompressedSize })).sort(byName),
    topFolder,
    findings,
    read: (path, limit) => readMember(file, path, entryOf(byPath, path), limit),
    head: (path) => headOf(file, path, entryOf(byPath, path)),
  };
}

function entryOf(entries: ReadonlyMap<string, FileEntry>, path: string): FileEntry {
  const entry = entries.get(path);
  return entry ?? refuse("package", "file-missing", { path });
}

/** A member's name in UTF-8, also where the writer forgot to say so; null where it is in something else. */
function nameOf(raw: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch (error) {
    void error; // that it is not in UTF-8 is the answer
    return null;
  }
}

function memberFindings(name: string | null, entry: Named["entry"], limits: PackageLimits): Finding[] {
  if (name === null) return [finding("package", "name-encoding", { path: entry.filename })];
  const found: Finding[] = [];
  const wrong = nameFinding(name);
  if (wrong) found.push(wrong);
  const folder = name.endsWith("/");
  const kind = (entry.externalFileAttributes >>> 16) & MODE_KIND;
  const where = { path: name };
  if (kind !== 0 && kind !== (folder ? FOLDER_KIND : FILE_KIND)) {
    found.push(finding("package", "member-special", where));
  }
  if (entry.encrypted || (entry.rawBitFlag ?? 0) & FORBIDDEN_FLAGS) {
    found.push(finding("package", "member-encrypted", where));
  }
  const method = entry.compressionMethod;
  if (method !== STORED && method !== DEFLATED) {
    found.push(finding("package", "member-compression", where, { method }));
  }
  const { uncompressedSize: size, compressedSize: packed } = entry;
  if (folder && size) found.push(finding("package", "folder-content", where));
  if (size > limits.ratioFrom && size > limits.ratio * packed) {
    found.push(finding("package", "member-grows", where, { packed, bytes: size, ratio: limits.ratio }));
  }
  if (size > limits.memberBytes) {
    found.push(finding("package", "member-large", where, { bytes: size, most: limits.memberBytes }));
  }
  return found;
}

function sizeFindings(
  size: number,
  count: number,
  files: readonly Named[],
  limits: PackageLimits,
): Finding[] {
  const found: Finding[] = [];
  const bytes = files.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
  if (size > limits.zip)
    found.push(finding("package", "zip-too-large", {}, { bytes: size, most: limits.zip }));
  if (count > limits.members) {
    found.push(finding("package", "members-many", {}, { found: count, most: limits.members }));
  }
  if (bytes > limits.totalBytes) {
    found.push(finding("package", "members-large", {}, { bytes, most: limits.totalBytes }));
  }
  if (bytes > limits.ratioFrom && bytes > limits.ratio * size) {
    found.push(finding("package", "zip-grows", {}, { packed: size, bytes, ratio: limits.ratio }));
  }
  return found;
}

/** Members that share bytes are how a small zip holds terabytes at a modest ratio each. */
function overlaps(size: number, entries: readonly Named["entry"][]): Finding[] {
  const ordered = [...entries].sort((one, other) => one.offset - other.offset);
  // The directory comes after all members; it is at least so long.
  const directory = entries.reduce((sum, { rawFilename }) => sum + 46 + rawFilename.length, 22);
  const found: Finding[] = [];
  let end = 0;
  for (const entry of ordered) {
    const next = entry.offset + LOCAL_HEADER + entry.compressedSize;
    if (entry.offset < end || next > size - directory) {
      found.push(
        finding("package", "member-overlaps", { path: nameOf(entry.rawFilename) ?? entry.filename }),
      );
    }
    end = Math.max(end, next);
  }
  return found;
}

async function readMember(
  file: Blob,
  path: string,
  entry: FileEntry,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = entry.uncompressedSize;
  if (size > most) refuse("package", "member-large", { path }, { bytes: size, most });
  try {
    const packed = await packedBytes(file, entry, entry.compressedSize);
    // One byte more than there should be: a file that goes on is no better than one that ends early.
    const bytes = await unpacked(packed, entry, size + 1, true);
    if (bytes.length !== size || crc32(bytes) !== entry.crc32)
      throw new RangeError("it is not what was packed");
    return bytes;
  } catch (error) {
    throw damaged(path, error);
  }
}

async function headOf(file: Blob, path: string, entry: FileEntry): Promise<Uint8Array> {
  try {
    const packed = await packedBytes(file, entry, Math.min(entry.compressedSize, PACKED_HEAD));
    return await unpacked(packed, entry, HEAD_BYTES, entry.compressedSize <= PACKED_HEAD);
  } catch (error) {
    throw damaged(path, error);
  }
}

/** The first bytes of a member as they are in the zip. */
async function packedBytes(file: Blob, { offset }: FileEntry, length: number): Promise<Blob> {
  const header = new DataView(await file.slice(offset, offset + LOCAL_HEADER).arrayBuffer());
  if (header.getUint32(0, true) !== LOCAL_MARK) throw new RangeError("there is no header");
  const begin = offset + LOCAL_HEADER + header.getUint16(26, true) + header.getUint16(28, true);
  return file.slice(begin, begin + length);
}

/** At most so many bytes of a member, of which `whole` says whether all packed ones are there. */
async function unpacked(
  packed: Blob,
  { compressionMethod }: FileEntry,
  most: number,
  whole: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  if (compressionMethod === STORED) return new Uint8Array(await packed.slice(0, most).arrayBuffer());
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const bytes = new Uint8Array(most);
  let size = 0;
  try {
    while (size < most) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, most - size);
      bytes.set(part, size);
      size += part.length;
    }
  } catch (error) {
    // The end is missing on purpose, unless all was given.
    if (whole) throw error;
  }
  // What is left of the stream is nobody's; it ends with an error of its own.
  reader.cancel().catch(() => undefined);
  return bytes.slice(0, size);
}

/** The checksum of zips. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = (CHECKSUMS[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function damaged(path: string, cause: unknown): FoundError {
  return Object.assign(new FoundError(finding("package", "member-damaged", { path })), { cause });
}

function byName(one: PackageFile, other: PackageFile): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}
