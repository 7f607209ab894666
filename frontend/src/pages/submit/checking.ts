/** What the check of a package in the browser finds, as a draft keeps it. */
import type { Semantic } from "@/learnware/editor/form";
import type { Finding } from "@/package/findings";

export interface Checked {
  /** Whether nothing is wrong; warnings are no mistakes. */
  ok: boolean;
  findings: Finding[];
  semantic: Semantic | null;
  /** The statistical specifications: their kind, and the columns of the tables that they describe. */
  statistical: { type: string; columns: number }[];
  files: number;
  bytes: number;
}

/**
 * Check a package. Nothing of it leaves the browser, and only what is needed of it is read.
 *
 * @param onProgress - told the share of the files that was looked at.
 */
export async function check(file: File, onProgress: (share: number) => void): Promise<Checked> {
  // It reads zips, YAML and specifications, which nobody needs before there is a file.
  const { checkPackage } = await import("@/package/check");
  const found = await checkPackage(file, { onProgress });
  return {
    ok: found.ok,
    findings: [...found.findings],
    semantic: found.semantic,
    statistical: found.statistical.map(({ type, specification }) => ({
      type,
      columns: specification.z[0]?.length ?? 0,
    })),
    files: found.files.length,
    bytes: found.files.reduce((sum, one) => sum + one.size, 0),
  };
}
