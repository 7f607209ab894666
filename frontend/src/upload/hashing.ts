/** SHA-256 of a file of any size, piece by piece. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

const PIECE = 4 * 2 ** 20;

/**
 * Return the SHA-256 of a file in hexadecimal.
 *
 * @param onProgress - told how many bytes were read.
 * @throws DOMException if the file cannot be read (any more).
 */
export async function hashOf(file: Blob, onProgress: (read: number) => void): Promise<string> {
  const hash = sha256.create();
  for (let start = 0; start < file.size; start += PIECE) {
    const piece = await file.slice(start, start + PIECE).arrayBuffer();
    hash.update(new Uint8Array(piece));
    onProgress(Math.min(file.size, start + PIECE));
  }
  return bytesToHex(hash.digest());
}
