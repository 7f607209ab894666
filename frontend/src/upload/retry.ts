/** What to do when a request of an upload was refused, or nobody answered. */

/**
 * `retry`: it may work in a moment. `sign-in`: the session is over. `begin-again`: the dock does not know the upload
 * any more. `reread`: the file is not the one that was announced. `fail`: it would be refused again.
 */
export type Verdict = "retry" | "sign-in" | "begin-again" | "reread" | "fail";

/** Breaks before each further try, in milliseconds: a quarter of an hour in all, for docks that are updated. */
export const BREAKS: readonly number[] = [
  400,
  1_000,
  2_000,
  4_000,
  8_000,
  ...Array.from({ length: 60 }, () => 15_000),
];

/**
 * Return what to do.
 *
 * @param status - of the answer; 0 if nobody answered.
 * @param kind - of the problem, the last part of its `type`; empty where the answer has none.
 * @param made - whether the upload was made before, and this is about it.
 */
export function verdictOn(status: number, kind: string, made: boolean): Verdict {
  if (status === 0 || status === 408 || status === 423 || status === 429 || status >= 500) return "retry";
  if (status === 401) return "sign-in";
  if (kind === "content-mismatch") return "reread";
  // 403: another account has signed in meanwhile; it makes an upload of its own.
  if (made && (status === 403 || status === 404 || status === 410)) return "begin-again";
  // Somebody else writes to it, or a part of it has arrived that was thought lost: where it goes on is asked for.
  if (made && status === 409 && kind !== "quota-exceeded") return "retry";
  // A part was damaged on the way.
  if (status === 460) return "retry";
  return "fail";
}
